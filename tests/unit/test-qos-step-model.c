/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A knob in a world that moves: usage goes up and down, wishes change, somebody else writes, writes
 * take their time and fail, the cgroup goes and comes back. Whatever happens, a limit is never
 * written nearer to usage than the margin; and when the world stands still, it becomes what is
 * wanted, or as low as it may be, in a few writes and then none.
 */
#include <errno.h>

#include "lib/claims.h"
#include "lib/test-main.h"
#include "qos/step.h"

#define PAGE      UINT64_C(4096)
#define SEC       UINT64_C(1000000)
#define SCHEDULES 2000u
#define EVENTS    120u

typedef struct World {
        uint64_t seed;
        CgroupKnob what;
        /* the kernel's */
        CgroupState state;
        uint64_t inode; /* of the last that was made */
        /* slugd's */
        QosRow row;
        QosKnob knob;
        bool may_lower, may_raise, has_rival;
        uint64_t now_usec, due_usec;
        /* what is under way */
        bool is_writing;
        CgroupValue writing;
        uint64_t writing_inode;
        /* what is counted */
        unsigned n_foreign; /* writes of others since rivals were last forgotten */
        unsigned n_writes, n_contended, n_pending, n_refused, n_repairs;
} World;

static uint64_t draw(World *world, uint64_t n) {
        return claims_random(&world->seed) / 7 % n;
}

static CgroupValue *get_actual(World *world) {
        return &world->state.values[world->what];
}

static CgroupValue make_value(World *world) {
        CgroupValue value = {};

        if (world->what == CGROUP_CPUSET_MEMS)
                value.nodes.words[0] = 1 + draw(world, 7);
        else if (draw(world, 20) == 0)
                value.number = CGROUP_MAX;
        else
                value.number = draw(world, 64) * 128 * MIB + draw(world, 2) * 1000;
        return value;
}

static bool is_equal(const World *world, const CgroupValue *a, const CgroupValue *b) {
        return cgroup_value_is_equal(world->what, a, b, PAGE);
}

/* The kernel rounds, and keeps usage within the limit. */
static void store(World *world, const CgroupValue *value) {
        *get_actual(world) = cgroup_value_round(world->what, value, PAGE);
        if (world->what == CGROUP_MEMORY_MAX && world->state.current_bytes.value > value->number)
                world->state.current_bytes.value = get_actual(world)->number;
}

static void make_cgroup(World *world) {
        const CgroupValue nothing = { .number = world->what == CGROUP_MEMORY_MAX ? CGROUP_MAX : 0 };

        world->state = (CgroupState){
                .is_there = true,
                .inode = ++world->inode,
                .current_bytes = opt_u64(draw(world, 4 * GIB)),
        };
        world->state.has[world->what] = true;
        world->n_foreign = 0;
        store(world, &nothing);
}

/* What must hold of every write */
static void check_write(World *world, const QosDecision *decision) {
        const uint64_t usage = world->state.current_bytes.value;
        const CgroupValue *actual = get_actual(world);
        const uint64_t share = usage / 20;
        const uint64_t margin = share > QOS_MARGIN_MIN_BYTES ? share : QOS_MARGIN_MIN_BYTES;

        ck_assert(world->state.is_there && world->row.has_value);
        ck_assert(!world->is_writing);
        if (is_equal(world, actual, &decision->value)) {
                ck_assert(world->n_refused > 0); /* only systemd is to be told again */
                return;
        }
        if (decision->is_repair)
                ck_assert_uint_gt(world->n_foreign, 0);
        if (world->what != CGROUP_MEMORY_MAX)
                return;
        ck_assert_uint_ge(decision->value.number, bytes_round_down(world->row.value.number, PAGE));
        if (decision->value.number >= actual->number) {
                ck_assert(world->may_raise && is_equal(world, &decision->value, &world->row.value));
                return;
        }
        ck_assert(world->may_lower && world->state.current_bytes.present);
        ck_assert_uint_ge(decision->value.number, usage + margin);
}

static void look(World *world) {
        const QosStatus before = world->knob.status;
        const QosStepInput input = {
                .row = &world->row,
                .state = &world->state,
                .page_bytes = PAGE,
                .now_usec = world->now_usec,
                .may_lower = world->may_lower,
                .may_raise = world->may_raise,
        };
        const QosDecision decision = qos_step(&world->knob, &input);

        world->due_usec = decision.due_usec;
        ck_assert_uint_gt(decision.due_usec, world->now_usec);
        ck_assert(world->knob.is_busy == (world->is_writing || decision.writes));
        if (world->knob.status == QOS_STATUS_CONTENDED && before != QOS_STATUS_CONTENDED)
                ++world->n_contended;
        if (world->knob.status == QOS_STATUS_CONTENDED)
                ck_assert_uint_gt(world->n_foreign, QOS_REPAIRS_MAX);
        if (world->knob.status == QOS_STATUS_ACHIEVED)
                ck_assert(is_equal(world, get_actual(world), &world->row.value));
        world->n_pending += world->knob.status == QOS_STATUS_PENDING;
        if (!decision.writes)
                return;
        check_write(world, &decision);
        ++world->n_writes;
        world->n_repairs += decision.is_repair;
        world->is_writing = true;
        world->writing = decision.value;
        world->writing_inode = world->state.inode;
}

/* A write that is under way ends, well or not. */
static void end(World *world, bool is_calm) {
        static const struct {
                int error;
                CgroupWriteStep step;
        } failures[] = { { -EINVAL, CGROUP_WRITE_FILE },       { -EPERM, CGROUP_WRITE_OPEN },
                         { -ETIMEDOUT, CGROUP_WRITE_SYSTEMD }, { -ENOENT, CGROUP_WRITE_SYSTEMD },
                         { -ENODEV, CGROUP_WRITE_FILE },       { -EIO, CGROUP_WRITE_READ_BACK } };
        CgroupWriteResult result = { .message = "" };
        const bool is_gone = !world->state.is_there || world->state.inode != world->writing_inode;

        if (is_gone) {
                result.error = -ESTALE;
        } else if (!is_calm && draw(world, 4) == 0) {
                const size_t i = draw(world, ELEMENTSOF(failures));

                result.error = failures[i].error;
                result.step = failures[i].step;
                ++world->n_refused;
        }
        if (!is_gone && (result.error == 0 || result.step >= CGROUP_WRITE_SYSTEMD)) {
                store(world, &world->writing);
                if (!is_calm && draw(world, 8) == 0) { /* before it is read back */
                        const CgroupValue value = make_value(world);

                        store(world, &value);
                        ++world->n_foreign;
                }
                result.has_found = result.step != CGROUP_WRITE_READ_BACK;
                result.found = *get_actual(world);
        }
        world->is_writing = false;
        qos_step_done(&world->knob, world->what, &result, PAGE, world->now_usec);
}

static void move_usage(World *world) {
        const uint64_t limit =
                world->what == CGROUP_MEMORY_MAX ? get_actual(world)->number : CGROUP_MAX;

        world->state.current_bytes.value = bytes_min(draw(world, 9 * GIB), limit);
        world->state.current_bytes.present = draw(world, 16) != 0;
}

static void write_foreign(World *world) {
        const CgroupValue value = draw(world, 3) ? make_value(world) : world->row.value;

        if (!world->state.is_there)
                return;
        store(world, &value);
        ++world->n_foreign;
}

/* Each is one thing. In some worlds somebody never rests. */
static void happen(World *world) {
        switch (world->has_rival && draw(world, 2) ? 0 : draw(world, 16)) {
        case 0:
        case 1:
        case 2:
        case 3:
                write_foreign(world);
                break;
        case 4:
        case 5:
                world->row.value = make_value(world);
                world->row.value = cgroup_value_round(world->what, &world->row.value, PAGE);
                break;
        case 6:
                if (draw(world, 4) == 0)
                        world->row.has_value = !world->row.has_value;
                break;
        case 7:
                if (draw(world, 4) == 0)
                        make_cgroup(world);
                break;
        case 8:
                if (draw(world, 4) == 0)
                        world->state = (CgroupState){};
                else if (!world->state.is_there)
                        make_cgroup(world);
                break;
        case 9:
                if (draw(world, 8) == 0) {
                        qos_knob_forgive(&world->knob);
                        world->n_foreign = 1; /* what is there now may be one's */
                }
                break;
        case 10:
                world->may_lower = draw(world, 4) != 0;
                world->may_raise = draw(world, 4) != 0;
                break;
        case 11:
        case 12:
                move_usage(world);
                break;
        default:
                world->now_usec += draw(world, draw(world, 8) ? 3 * SEC : 300 * SEC);
                break;
        }
        if (world->is_writing && draw(world, 2))
                end(world, false);
        look(world);
}

static void start(World *world, uint64_t seed) {
        *world = (World){ .seed = seed, .now_usec = 1, .may_lower = true, .may_raise = true };
        world->has_rival = draw(world, 4) == 0;
        world->what = draw(world, 4) ? CGROUP_MEMORY_MAX : CGROUP_CPUSET_MEMS;
        world->row = (QosRow){ .knob = world->what, .owner = QOS_OWNER_SLUGD, .has_value = true };
        world->row.value = make_value(world);
        make_cgroup(world);
}

/* Nobody else does anything any more; what is looked at is what is due. */
static unsigned stand_still(World *world) {
        const unsigned n_writes = world->n_writes;

        world->may_lower = world->may_raise = world->row.has_value = true;
        if (!world->state.is_there)
                make_cgroup(world);
        world->state.current_bytes.present = true;
        for (unsigned i = 0; i < 100; ++i) {
                if (world->is_writing)
                        end(world, true);
                look(world);
                if (!world->is_writing && world->due_usec != UINT64_MAX)
                        world->now_usec = world->due_usec;
        }
        return world->n_writes - n_writes;
}

static void check_still(World *world) {
        const uint64_t usage = world->state.current_bytes.value;
        const uint64_t margin =
                usage / 20 > QOS_MARGIN_MIN_BYTES ? usage / 20 : QOS_MARGIN_MIN_BYTES;

        if (world->knob.status == QOS_STATUS_ACHIEVED)
                return;
        ck_assert_str_eq(qos_status_name(world->knob.status), "pending");
        ck_assert_int_eq(world->what, CGROUP_MEMORY_MAX);
        ck_assert_uint_lt(world->row.value.number, usage + margin + PAGE);
        ck_assert_uint_lt(get_actual(world)->number,
                          usage + margin + PAGE + QOS_PENDING_STEP_BYTES);
}

START_TEST(whatever_happens_the_rules_hold) {
        unsigned n_contended = 0, n_pending = 0, n_refused = 0, n_repairs = 0, n_achieved = 0;

        for (unsigned i = 0; i < SCHEDULES; ++i) {
                World world;

                start(&world, 20261126 + i * UINT64_C(0x9e3779b97f4a7c15));
                for (unsigned k = 0; k < EVENTS; ++k)
                        happen(&world);
                ck_assert_uint_le(stand_still(&world), 4);
                check_still(&world);
                ck_assert_uint_eq(stand_still(&world), 0);
                check_still(&world);
                n_achieved += world.knob.status == QOS_STATUS_ACHIEVED;
                n_contended += world.n_contended;
                n_pending += world.n_pending;
                n_refused += world.n_refused;
                n_repairs += world.n_repairs;
        }
        /* or nothing was tested */
        ck_assert_uint_gt(n_achieved, SCHEDULES / 2);
        ck_assert_uint_gt(n_contended, SCHEDULES / 20);
        ck_assert_uint_gt(n_pending, SCHEDULES);
        ck_assert_uint_gt(n_refused, SCHEDULES);
        ck_assert_uint_gt(n_repairs, SCHEDULES);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("qos-step-model");
        TCase *tests = tcase_create("qos-step-model");

        tcase_set_timeout(tests, 120);
        tcase_add_test(tests, whatever_happens_the_rules_hold);
        suite_add_tcase(s, tests);
        return s;
}
