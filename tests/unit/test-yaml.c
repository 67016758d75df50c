/* SPDX-License-Identifier: Apache-2.0 */
/* YAML: what becomes a tree, what is refused, and that the caps are where they say they are. */
#include <string.h>

#include "base/buffer.h"
#include "config/config.h"
#include "config/yaml.h"
#include "lib/failmalloc.h"
#include "lib/test-main.h"

#define ARENA_BYTES (8u << 20)

static Arena *arena;
static const YamlNode *tree;
static Diag diag;

static int parse(const char *text, size_t n_text) {
        return yaml_parse(arena, "f.yaml", text, n_text, &tree, &diag);
}

static void setup(void) {
        arena = NULL;
        tree = NULL;
        diag = (Diag){};
        ck_assert_int_eq(arena_new(ARENA_BYTES, &arena), 0);
}

static void teardown(void) {
        arena = arena_free(arena);
}

/* Plain scalars bare, others in quotes. */
static void dump(Buffer *buffer, const YamlNode *node) {
        const char *brackets = node->type == YAML_TYPE_MAPPING ? "{}" : "[]";
        bool is_first = true;

        if (node->type == YAML_TYPE_SCALAR) {
                buffer_printf(buffer, node->is_plain ? "%s" : "\"%s\"", node->text);
                return;
        }
        buffer_append_char(buffer, brackets[0]);
        YAML_FOREACH (entry, node) {
                buffer_append_text(buffer, is_first ? "" : " ");
                is_first = false;
                if (entry->key) {
                        dump(buffer, entry->key);
                        buffer_append_char(buffer, '=');
                }
                dump(buffer, entry->value);
        }
        buffer_append_char(buffer, brackets[1]);
}

static const struct {
        const char *name;
        const char *text;
        const char *expected;
} trees[] = {
        { "nothing at all", "", "{}" },
        { "only a comment", "# nothing here\n\n", "{}" },
        { "an empty document", "---\n", "" },
        { "an empty document with an end", "---\n...\n", "" },
        { "one scalar", "word", "word" },
        { "a mapping in order", "b: 1\na: 2\n", "{b=1 a=2}" },
        { "a list of mappings", "- a: 1\n  b: 2\n- {c: 3}\n", "[{a=1 b=2} {c=3}]" },
        { "a missing value", "a:\nb: x\n", "{a= b=x}" },
        { "quotes of both kinds", "a: 'x'\nb: \"y\\tz\"\n", "{a=\"x\" b=\"y\tz\"}" },
        { "a block of text", "a: |\n  x\n  y\n", "{a=\"x\ny\n\"}" },
        { "JSON", "{\"a\": [1, true, null], \"b\": {\"c\": \"x\"}}",
          "{\"a\"=[1 true null] \"b\"={\"c\"=\"x\"}}" },
        { "JSON over lines", "{\n  \"a\": 1,\n  \"b\": []\n}\n", "{\"a\"=1 \"b\"=[]}" },
        { "an alias", "a: &x {n: 1}\nb: *x\n", "{a={n=1} b={n=1}}" },
        { "an anchor given again", "a: &x 1\nb: &x 2\nc: *x\n", "{a=1 b=2 c=2}" },
        { "an alias as a key", "a: &x k\n*x : v\n", "{a=k k=v}" },
        { "core tags",
          "a: !!str 12\nb: !!int \"12\"\nc: !!map {}\nd: !!seq []\ne: !!bool 'true'\n"
          "f: !!null ''\ng: !!float '1'\n",
          "{a=\"12\" b=12 c={} d=[] e=true f= g=1}" },
        { "the tag of no type", "a: ! 12\nb: ! {}\nc: ! []\n", "{a=\"12\" b={} c=[]}" },
        { "a quoted merge key is a key", "'<<': 1\n", "{\"<<\"=1}" },
        { "a merge key as a value", "a: <<\n", "{a=<<}" },
        { "Windows line ends", "a: 1\r\nb: 2\r\n", "{a=1 b=2}" },
        { "a byte order mark",
          "\xef\xbb\xbf"
          "a: 1\n",
          "{a=1}" },
        { "beyond ASCII", "\xc3\xa4: \xe2\x82\xac\n", "{\xc3\xa4=\xe2\x82\xac}" },
        { "a version", "%YAML 1.1\n---\na: 1\n", "{a=1}" },
};

START_TEST(text_becomes_a_tree) {
        const char *name = trees[_i].name;
        _cleanup_(buffer_deinitp) Buffer buffer = {};
        char message[DIAG_FORMATTED_MAX];
        int r = parse(trees[_i].text, strlen(trees[_i].text));

        ck_assert_msg(r == 0, "%s: %d: %s", name, r, diag_format(&diag, message));
        dump(&buffer, tree);
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        ck_assert_msg(strcmp(buffer.data, trees[_i].expected) == 0, "%s: %s", name, buffer.data);
        ck_assert_msg(diag.text[0] == '\0', "%s", name);
}
END_TEST

#define TEXT(literal) (literal), sizeof(literal) - 1

static const struct {
        const char *name;
        const char *text;
        size_t n_text;
        const char *expected;
} refusals[] = {
        { "a second document", TEXT("a: 1\n---\nb: 2\n"),
          "f.yaml:2:1: a second document; a file holds one" },
        { "an empty second document", TEXT("a: 1\n---\n"),
          "f.yaml:2:1: a second document; a file holds one" },
        { "a key twice", TEXT("a: 1\nb: 2\na: 3\n"),
          "f.yaml:3:1: duplicate key 'a'; the first is on line 1" },
        { "a key twice, once in quotes", TEXT("{a: 1, 'a': 2}"),
          "f.yaml:1:8: duplicate key 'a'; the first is on line 1" },
        { "a key twice, deeper", TEXT("x:\n  - a: 1\n    a: 1\n"),
          "f.yaml:3:5: duplicate key 'a'; the first is on line 2" },
        { "a list as a key", TEXT("[1, 2]: x\n"), "f.yaml:1:1: a key must be a scalar" },
        { "a mapping as a key", TEXT("a: 1\n? {b: 1}\n: x\n"),
          "f.yaml:2:3: a key must be a scalar" },
        { "an alias of a list as a key", TEXT("a: &x [1]\n*x : 1\n"),
          "f.yaml:2:1: a key must be a scalar" },
        { "a merge key", TEXT("a: &x {b: 1}\nc:\n  <<: *x\n"),
          "f.yaml:3:3: merge keys are not supported; write the keys out" },
        { "an unknown anchor", TEXT("a: *x\n"),
          "f.yaml:1:4: the alias '*x' names nothing that comes before it" },
        { "an anchor that comes later", TEXT("a: *x\nb: &x 1\n"),
          "f.yaml:1:4: the alias '*x' names nothing that comes before it" },
        { "a list inside itself", TEXT("a: &x [1, *x]\n"),
          "f.yaml:1:11: the alias '*x' stands inside the value that it names" },
        { "a mapping inside itself", TEXT("&x a: 1\nb: &y\n  c: *y\n"),
          "f.yaml:3:6: the alias '*y' stands inside the value that it names" },
        { "a tag of one's own", TEXT("a: !thing 1\n"),
          "f.yaml:1:4: the tag '!thing' is not supported here" },
        { "the tag of binary data", TEXT("a: !!binary aGFsbG8=\n"),
          "f.yaml:1:4: the tag 'tag:yaml.org,2002:binary' is not supported here" },
        { "the tag of a list on a scalar", TEXT("a: !!seq 1\n"),
          "f.yaml:1:4: the tag 'tag:yaml.org,2002:seq' is not supported here" },
        { "the tag of a scalar on a mapping", TEXT("a: !!str {}\n"),
          "f.yaml:1:4: the tag 'tag:yaml.org,2002:str' is not supported here" },
        { "a tag nobody declared", TEXT("a: !x!y 1\n"),
          "f.yaml:1:4: not YAML: while parsing a node: found undefined tag handle" },
        { "a NUL by escape", TEXT("a: \"x\\0y\"\n"),
          "f.yaml:1:4: a value with a NUL character in it" },
        { "a NUL byte", TEXT("a: 1\nb: \0\n"),
          "f.yaml:2:4: not YAML: control characters are not allowed" },
        { "a control character", TEXT("\xc3\xa4: \x1b[0m\n"),
          "f.yaml:1:4: not YAML: control characters are not allowed" },
        { "invalid UTF-8", TEXT("a: 1\nb: x\xffy\n"),
          "f.yaml:2:5: not YAML: invalid leading UTF-8 octet" },
        { "cut UTF-8", TEXT("a: \xc3"), "f.yaml:1:4: not YAML: incomplete UTF-8 octet sequence" },
        { "UTF-16",
          TEXT("\xff\xfe"
               "a\0"),
          "f.yaml:1:1: not YAML: invalid leading UTF-8 octet" },
        { "a tab as indentation", TEXT("a:\n\tb: 1\n"),
          "f.yaml:2:1: not YAML: while scanning for the next token: "
          "found character that cannot start any token" },
        { "an open bracket", TEXT("a: [1, 2\n"),
          "f.yaml:2:1: not YAML: while parsing a flow sequence: did not find expected ',' or ']'" },
        { "an open quote", TEXT("a: 'x\n"),
          "f.yaml:2:1: not YAML: while scanning a quoted scalar: found unexpected end of stream" },
        { "two colons", TEXT("a: b: c\n"),
          "f.yaml:1:5: not YAML: mapping values are not allowed in this context" },
        { "uneven indentation", TEXT("a:\n  b: 1\n c: 2\n"),
          "f.yaml:3:2: not YAML: while parsing a block mapping: did not find expected key" },
};

START_TEST(what_has_no_meaning_here_is_refused_with_its_place) {
        char message[DIAG_FORMATTED_MAX];
        int r = parse(refusals[_i].text, refusals[_i].n_text);

        ck_assert_msg(r == CONFIG_E_INVALID, "%s: %d", refusals[_i].name, r);
        ck_assert_msg(!tree, "%s", refusals[_i].name);
        ck_assert_msg(strcmp(diag_format(&diag, message), refusals[_i].expected) == 0, "%s: %s",
                      refusals[_i].name, message);
}
END_TEST

/* HEAD, then @n times ITEM, then TAIL; parsed. */
static int parse_many(const char *head, const char *item, size_t n, const char *tail) {
        _cleanup_(buffer_deinitp) Buffer buffer = {};

        buffer_append_text(&buffer, head);
        for (size_t i = 0; i < n; ++i)
                buffer_append_text(&buffer, item);
        buffer_append_text(&buffer, tail);
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        return parse(buffer.data, buffer.n_data);
}

#define NINE_ITEMS "[1,1,1,1,1,1,1,1,1]"

static const struct {
        const char *name;
        const char *head;
        const char *item;
        size_t n; /* the most that passes */
        const char *tail;
        const char *expected; /* for one more; NULL: CONFIG_E_INVALID is enough */
} caps[] = {
        { "values", "", "- 1\n", YAML_NODES_MAX - 1, "",
          "f.yaml:10000:3: more than 10000 values, aliases counted in full" },
        /* the list, 10 for the anchored one, 10 for each alias */
        { "values by alias", "- &x " NINE_ITEMS "\n", "- *x\n", 998, "- 1\n- 1\n- 1\n- 1\n", NULL },
        { "depth of lists", "", "[", YAML_DEPTH_MAX, "", NULL },
        { "depth by alias", "a: &x [[]]\nb: ", "[", YAML_DEPTH_MAX - 3, "*x", NULL },
        { "bytes of a scalar", "a: ", "x", YAML_SCALAR_MAX, "\n",
          "f.yaml:1:4: a value of more than 4096 bytes" },
        { "bytes of a key", "? ", "x", YAML_SCALAR_MAX, "\n: 1\n",
          "f.yaml:1:3: a value of more than 4096 bytes" },
        { "anchors", "", "- &x 1\n", YAML_ANCHORS_MAX, "", "f.yaml:257:3: more than 256 anchors" },
};

static bool is_cap_message(void) {
        return strstr(diag.text, "more than") || strstr(diag.text, "nested deeper than 32 levels");
}

START_TEST(caps_are_where_they_say) {
        const char *name = caps[_i].name;
        char message[DIAG_FORMATTED_MAX];

        /* Lists are left open: up to the cap it is libyaml that complains. */
        if (parse_many(caps[_i].head, caps[_i].item, caps[_i].n, caps[_i].tail) != 0)
                ck_assert_msg(!is_cap_message(), "%s: %s", name, diag.text);
        tree = NULL;
        diag = (Diag){};
        ck_assert_msg(parse_many(caps[_i].head, caps[_i].item, caps[_i].n + 1, caps[_i].tail) ==
                              CONFIG_E_INVALID,
                      "%s", name);
        ck_assert_msg(is_cap_message(), "%s: %s", name, diag.text);
        (void)diag_format(&diag, message);
        ck_assert_msg(!caps[_i].expected || strcmp(message, caps[_i].expected) == 0, "%s: %s", name,
                      message);
}
END_TEST

START_TEST(lists_of_the_greatest_depth_are_taken) {
        ck_assert_int_eq(parse(TEXT("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
                                    "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]")),
                         0);
        ck_assert_uint_eq(tree->height, YAML_DEPTH_MAX);
        ck_assert_uint_eq(tree->weight, YAML_DEPTH_MAX);
}
END_TEST

START_TEST(aliases_that_unfold_into_millions_are_refused_where_the_cap_is_crossed) {
        static const char bomb[] = "a: &a [x,x,x,x,x,x,x,x,x]\n"
                                   "b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
                                   "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
                                   "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
                                   "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\n";
        char message[DIAG_FORMATTED_MAX];

        ck_assert_int_eq(parse(TEXT(bomb)), CONFIG_E_INVALID);
        ck_assert_str_eq(diag_format(&diag, message),
                         "f.yaml:5:8: more than 10000 values, aliases counted in full");
}
END_TEST

START_TEST(nodes_know_their_place) {
        static const char text[] = "a: 1\n"
                                   "\xc3\xa4\xc3\xb6: 'x'\n"
                                   "list:\n"
                                   "  - {k: v}\n"
                                   "  - &n 2\n"
                                   "same: *n\n";
        const YamlNode *list, *mapping;

        ck_assert_int_eq(parse(TEXT(text)), 0);
        ck_assert_uint_eq(tree->n_entries, 4);
        ck_assert_uint_eq(tree->line, 1);
        ck_assert_uint_eq(tree->column, 1);
        ck_assert_uint_eq(yaml_find(tree, "\xc3\xa4\xc3\xb6")->line, 2);
        ck_assert_uint_eq(yaml_find(tree, "\xc3\xa4\xc3\xb6")->column, 5);
        list = yaml_find(tree, "list");
        ck_assert_uint_eq(list->n_entries, 2);
        ck_assert_uint_eq(list->line, 4);
        mapping = list->entries->value;
        ck_assert_uint_eq(mapping->column, 5);
        ck_assert_uint_eq(mapping->entries->key->column, 6);
        ck_assert_uint_eq(mapping->entries->value->column, 9);
        /* An alias is the value that it names. */
        ck_assert_ptr_eq(yaml_find(tree, "same"), list->entries->next->value);
        ck_assert_ptr_null(yaml_find(tree, "other"));
}
END_TEST

START_TEST(weights_count_aliases_in_full) {
        ck_assert_int_eq(parse(TEXT("a: &x [1, [2]]\nb: *x\n")), 0);
        /* the mapping, two keys, and twice a list of four */
        ck_assert_uint_eq(tree->weight, 11);
        ck_assert_uint_eq(tree->height, 3);
}
END_TEST

START_TEST(null_is_null_only_without_quotes) {
        static const char text[] = "- \n- ~\n- null\n- Null\n- NULL\n"
                                   "- ''\n- '~'\n- \"null\"\n- nULL\n- 0\n- []\n- {}\n";
        size_t i = 0;

        ck_assert_int_eq(parse(TEXT(text)), 0);
        ck_assert_uint_eq(tree->n_entries, 12);
        YAML_FOREACH (entry, tree) {
                ck_assert_msg(yaml_is_null(entry->value) == (i < 5), "element %zu", i);
                ++i;
        }
}
END_TEST

START_TEST(a_parse_without_memory_gives_no_tree) {
        static const char text[] = "a: &x [1, 'b']\nc: {d: *x}\n";

        for (unsigned n = 0;; ++n) {
                Arena *small = NULL;
                const YamlNode *ret = NULL;
                Diag untouched = {};
                int r;

                failmalloc_arm(n);
                r = arena_new(ARENA_BYTES, &small);
                if (r == 0)
                        r = yaml_parse(small, "f", TEXT(text), &ret, &untouched);
                if (!failmalloc_disarm()) {
                        ck_assert_int_eq(r, 0);
                        ck_assert_ptr_nonnull(ret);
                        arena_free(small);
                        ck_assert_uint_gt(n, 1);
                        break;
                }
                arena_free(small);
                ck_assert_int_eq(r, -ENOMEM);
                ck_assert_ptr_null(ret);
                ck_assert_str_eq(untouched.text, "");
        }
}
END_TEST

/* Every piece that the tree is made of, one by one. */
START_TEST(a_full_arena_is_a_lack_of_memory) {
        static const char text[] = "a: &x [1, 'b']\nc: {d: *x}\n";

        for (size_t n_bytes = 0;; n_bytes += 16) {
                _cleanup_(arena_freep) Arena *small = NULL;
                const YamlNode *ret = NULL;
                int r;

                ck_assert_int_eq(arena_new(n_bytes, &small), 0);
                r = yaml_parse(small, "f", TEXT(text), &ret, NULL);
                if (r == 0) {
                        ck_assert_uint_gt(n_bytes, 256);
                        break;
                }
                ck_assert_int_eq(r, -ENOMEM);
                ck_assert_ptr_null(ret);
        }
}
END_TEST

Suite *suite(void) {
        Suite *yaml = suite_create("yaml");
        TCase *tcase = tcase_create("yaml");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_loop_test(tcase, text_becomes_a_tree, 0, ELEMENTSOF(trees));
        tcase_add_loop_test(tcase, what_has_no_meaning_here_is_refused_with_its_place, 0,
                            ELEMENTSOF(refusals));
        tcase_add_loop_test(tcase, caps_are_where_they_say, 0, ELEMENTSOF(caps));
        tcase_add_test(tcase, lists_of_the_greatest_depth_are_taken);
        tcase_add_test(tcase,
                       aliases_that_unfold_into_millions_are_refused_where_the_cap_is_crossed);
        tcase_add_test(tcase, nodes_know_their_place);
        tcase_add_test(tcase, weights_count_aliases_in_full);
        tcase_add_test(tcase, null_is_null_only_without_quotes);
        tcase_add_test(tcase, a_parse_without_memory_gives_no_tree);
        tcase_add_test(tcase, a_full_arena_is_a_lack_of_memory);
        suite_add_tcase(yaml, tcase);
        return yaml;
}
