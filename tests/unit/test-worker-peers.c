/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workers from inside: what each side does with a peer that talks nonsense. The test is the other
 * side.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "lib/test-main.h"
#include "worker/lane.h"
#include "worker/packet.h"
#include "worker/process.h"
#include "worker/serve.h"

#define LIMIT_MSEC 20000
#define LONG_USEC  UINT64_C(60000000)
#define ALL_SEALS  (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static int ours, theirs; /* the ends of one socket */

static void setup(void) {
        int pair[2];

        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
        ours = pair[0];
        theirs = pair[1];
}

static void teardown(void) {
        ours = fd_close(ours);
        theirs = fd_close(theirs);
}

static int new_memfd(size_t size, int seals) {
        int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
        ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, seals), 0);
        return fd;
}

static unsigned count_open(void) {
        unsigned n = 0;

        for (int fd = 0; fd < 256; ++fd)
                if (fcntl(fd, F_GETFD) >= 0)
                        ++n;
        return n;
}

/* Packets */

START_TEST(a_packet_arrives_with_its_descriptors) {
        _cleanup_(packet_fds_deinitp) PacketFds fds = {};
        const ForkerAnswer sent = { .lane = 3, .error = 0, .pid = 7 };
        const int sent_fds[] = { ours, theirs };
        ForkerAnswer got;

        ck_assert_int_eq(packet_send(ours, &sent, sizeof(sent), sent_fds, 2, 0), 0);
        ck_assert_int_eq(packet_receive(theirs, &got, sizeof(got), &fds, 0), 0);
        ck_assert_uint_eq(got.lane, 3);
        ck_assert_int_eq(got.pid, 7);
        ck_assert_uint_eq(fds.n_items, 2);
        ck_assert_int_eq(fcntl(fds.items[1], F_GETFD), FD_CLOEXEC);
        ck_assert_int_eq(packet_receive(theirs, &got, sizeof(got), &fds, MSG_DONTWAIT),
                         PACKET_E_NONE);
        ck_assert_int_eq(packet_send(ours, &sent, sizeof(sent), sent_fds, 3, 0), -EINVAL);
}
END_TEST

static const struct {
        size_t n_data;
        size_t n_fds;
        int error;
} odd_packets[] = {
        { sizeof(ForkerRequest) - 1, 0, -EBADMSG },
        { sizeof(ForkerRequest) + 1, 2, -EBADMSG },
        { 1, 2, -EBADMSG },
        { sizeof(ForkerRequest), 3, -EMFILE },
        { sizeof(ForkerRequest), 64, -EMFILE },
        { 0, 0, PACKET_E_END },
};

/* packet_send() does not send such things. */
static void send_odd(size_t n_data, size_t n_fds) {
        union {
                struct cmsghdr header;
                char bytes[CMSG_SPACE(64 * sizeof(int))];
        } control = {};
        char data[256] = "";
        struct iovec iov = { .iov_base = data, .iov_len = n_data };
        struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

        if (n_fds > 0) {
                control.header.cmsg_len = CMSG_LEN(n_fds * sizeof(int));
                control.header.cmsg_level = SOL_SOCKET;
                control.header.cmsg_type = SCM_RIGHTS;
                for (size_t i = 0; i < n_fds; ++i)
                        memcpy(CMSG_DATA(&control.header) + i * sizeof(int), &ours, sizeof(int));
                message.msg_control = &control;
                message.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
        }
        ck_assert_int_eq(sendmsg(ours, &message, 0), (ssize_t)n_data);
}

START_TEST(an_odd_packet_is_an_error_and_leaves_nothing_open) {
        unsigned n_open = count_open();
        PacketFds fds = {};
        ForkerRequest got;

        send_odd(odd_packets[_i].n_data, odd_packets[_i].n_fds);
        ck_assert_int_eq(packet_receive(theirs, &got, sizeof(got), &fds, 0), odd_packets[_i].error);
        ck_assert_uint_eq(fds.n_items, 0);
        ck_assert_uint_eq(count_open(), n_open);
}
END_TEST

START_TEST(a_peer_that_went_is_the_end_read_or_unread) {
        const ForkerRequest request = {};
        PacketFds fds = {};
        ForkerRequest got;

        ck_assert_int_eq(packet_send(ours, &request, sizeof(request), NULL, 0, 0), 0);
        theirs = fd_close(theirs);
        ck_assert_int_eq(packet_receive(ours, &got, sizeof(got), &fds, 0), PACKET_E_END);
        ck_assert_int_eq(packet_receive(ours, &got, sizeof(got), &fds, 0), PACKET_E_END);
        ck_assert_int_eq(packet_send(ours, &request, sizeof(request), NULL, 0, 0), -EPIPE);
}
END_TEST

/* The worker's side */

static const struct {
        const char *name;
        WorkerRequest request;
        size_t size;
        size_t n_fds;
        size_t n_data; /* of the memfd */
        int seals;
} odd_requests[] = {
        { "short", { .op = WORKER_OP_APPEND }, sizeof(WorkerRequest) - 1, 2, 0, ALL_SEALS },
        { "one byte", { .op = WORKER_OP_APPEND }, 1, 2, 0, ALL_SEALS },
        { "no descriptors", { .op = WORKER_OP_APPEND }, sizeof(WorkerRequest), 0, 0, ALL_SEALS },
        { "one descriptor", { .op = WORKER_OP_APPEND }, sizeof(WorkerRequest), 1, 0, ALL_SEALS },
        { "no operation", { .op = _WORKER_OP_N }, sizeof(WorkerRequest), 2, 0, ALL_SEALS },
        { "far from any", { .op = UINT32_MAX }, sizeof(WorkerRequest), 2, 0, ALL_SEALS },
        { "no name", { .op = WORKER_OP_REPLACE }, sizeof(WorkerRequest), 2, 0, ALL_SEALS },
        { "path",
          { .op = WORKER_OP_REPLACE, .name = "/x" },
          sizeof(WorkerRequest),
          2,
          0,
          ALL_SEALS },
        { "name without end",
          { .op = WORKER_OP_REPLACE, .name = { [0 ... PACKET_NAME_MAX - 1] = 'x' } },
          sizeof(WorkerRequest),
          2,
          0,
          ALL_SEALS },
        { "too much",
          { .op = WORKER_OP_APPEND, .n_data = (uint64_t)WORKER_DATA_MAX + 1 },
          sizeof(WorkerRequest),
          2,
          (size_t)WORKER_DATA_MAX + 1,
          ALL_SEALS },
        { "too much to set",
          { .op = WORKER_OP_SET, .n_data = WORKER_SET_MAX + 1 },
          sizeof(WorkerRequest),
          2,
          WORKER_SET_MAX + 1,
          ALL_SEALS },
        { "more than there is",
          { .op = WORKER_OP_APPEND, .n_data = 10 },
          sizeof(WorkerRequest),
          2,
          9,
          ALL_SEALS },
        { "less than there is",
          { .op = WORKER_OP_APPEND, .n_data = 10 },
          sizeof(WorkerRequest),
          2,
          11,
          ALL_SEALS },
        { "may shrink",
          { .op = WORKER_OP_APPEND, .n_data = 10 },
          sizeof(WorkerRequest),
          2,
          10,
          F_SEAL_GROW | F_SEAL_WRITE },
        { "may change",
          { .op = WORKER_OP_APPEND, .n_data = 10 },
          sizeof(WorkerRequest),
          2,
          10,
          F_SEAL_SHRINK | F_SEAL_GROW },
};

START_TEST(an_odd_request_is_not_done) {
        int target = new_memfd(4, 0);
        int fds[] = { target, new_memfd(odd_requests[_i].n_data, odd_requests[_i].seals) };
        char answer[64];
        int r;

        ck_assert_int_eq(packet_send(ours, &odd_requests[_i].request, odd_requests[_i].size, fds,
                                     odd_requests[_i].n_fds, 0),
                         0);
        r = serve_one(theirs);
        ck_assert_msg(r == -EBADMSG, "%s: %d", odd_requests[_i].name, r);
        ck_assert_int_eq(recv(ours, answer, sizeof(answer), MSG_DONTWAIT), -1);
        ck_assert_int_eq(lseek(target, 0, SEEK_END), 4);
        (void)close(fds[0]);
        (void)close(fds[1]);
}
END_TEST

START_TEST(a_request_without_seals_is_not_done) {
        const WorkerRequest request = { .op = WORKER_OP_APPEND };
        int pipe_fds[2];

        ck_assert_int_eq(pipe2(pipe_fds, O_CLOEXEC), 0);
        ck_assert_int_eq(packet_send(ours, &request, sizeof(request), pipe_fds, 2, 0), 0);
        ck_assert_int_eq(serve_one(theirs), -EBADMSG);
        (void)close(pipe_fds[0]);
        (void)close(pipe_fds[1]);
}
END_TEST

START_TEST(a_request_is_answered_with_its_id) {
        const WorkerRequest request = { .op = WORKER_OP_APPEND, .id = 77, .n_data = 10 };
        char path[] = "/tmp/slug-test-XXXXXX"; /* a memfd is a file without a name */
        int fds[] = { mkstemp(path), new_memfd(10, ALL_SEALS) };
        WorkerAnswer answer;
        PacketFds none = {};

        ck_assert_int_ge(fds[0], 0);
        ck_assert_int_eq(packet_send(ours, &request, sizeof(request), fds, 2, 0), 0);
        ck_assert_int_eq(serve_one(theirs), 0);
        ck_assert_int_eq(packet_receive(ours, &answer, sizeof(answer), &none, MSG_DONTWAIT), 0);
        ck_assert_uint_eq(answer.id, 77);
        ck_assert_int_eq(answer.error, 0);
        ck_assert_uint_eq(none.n_items, 0);
        ck_assert_int_eq(lseek(fds[0], 0, SEEK_END), 10);
        (void)unlink(path);
        (void)close(fds[0]);
        (void)close(fds[1]);
        ours = fd_close(ours);
        ck_assert_int_eq(serve_one(theirs), SERVE_E_END);
}
END_TEST

/* The daemon's side: the forker */

static const struct {
        const char *name;
        ForkerAnswer answer;
        size_t size;
        size_t n_fds;
        int result;
        int error;
} forker_answers[] = {
        { "fine", {}, sizeof(ForkerAnswer), 2, 0, 0 },
        { "failed", { .error = -EAGAIN }, sizeof(ForkerAnswer), 0, 0, -EAGAIN },
        { "short", {}, sizeof(ForkerAnswer) - 1, 2, FORKER_E_GONE, 0 },
        { "nothing made", {}, sizeof(ForkerAnswer), 0, FORKER_E_GONE, 0 },
        { "half made", {}, sizeof(ForkerAnswer), 1, FORKER_E_GONE, 0 },
        { "failed and made", { .error = -EAGAIN }, sizeof(ForkerAnswer), 2, FORKER_E_GONE, 0 },
        { "no errno", { .error = 1 }, sizeof(ForkerAnswer), 0, FORKER_E_GONE, 0 },
};

START_TEST(a_forker_is_believed_when_it_makes_sense) {
        const Forker forker = { .socket_fd = theirs, .pidfd = -EBADF };
        const int fds[] = { ours, ours };
        unsigned n_open = count_open();
        PacketFds got_fds = {};
        ForkerAnswer got = {};
        int r;

        ck_assert_int_eq(packet_send(ours, &forker_answers[_i].answer, forker_answers[_i].size, fds,
                                     forker_answers[_i].n_fds, 0),
                         0);
        r = forker_take(&forker, &got, &got_fds);
        ck_assert_msg(r == forker_answers[_i].result, "%s: %d", forker_answers[_i].name, r);
        ck_assert_int_eq(got.error, forker_answers[_i].error);
        packet_fds_deinit(&got_fds);
        ck_assert_uint_eq(count_open(), n_open);
        ck_assert_int_eq(forker_take(&forker, &got, &got_fds), FORKER_E_NONE);
        ours = fd_close(ours);
        ck_assert_int_eq(forker_take(&forker, &got, &got_fds), FORKER_E_GONE);
}
END_TEST

/* The daemon's side: a lane. ours and theirs are the worker's socket here. */

static LaneHost host;
static Lane lane;
static int forker_end; /* the forker's own end of its socket */
static int child, child_pidfd;
static unsigned n_done;
static int done_error, done_fd;

static void on_done(int error, int fd, void *userdata _unused_) {
        ++n_done;
        done_error = error;
        done_fd = fd;
}

/* Sends the lane what it asked for: our socket, and a process that does nothing. */
static void adopt(void) {
        const ForkerAnswer answer = { .pid = child };
        PacketFds fds = { .items = { theirs, child_pidfd }, .n_items = 2 };

        ck_assert(lane_adopt(&lane, &answer, &fds, 0));
        ck_assert_uint_eq(fds.n_items, 0);
        theirs = -EBADF;
}

static void setup_lane(void) {
        int pair[2];

        setup();
        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
        forker_end = pair[0];
        host = (LaneHost){ .epoll_fd = epoll_create1(EPOLL_CLOEXEC), .forker = FORKER_NONE };
        host.forker.socket_fd = pair[1];
        child = fork();
        if (child == 0) {
                (void)close(ours);
                for (;;)
                        (void)pause();
        }
        ck_assert_int_gt(child, 0);
        child_pidfd = pidfd_open(child, 0);
        ck_assert_int_ge(child_pidfd, 0);
        n_done = 0;
        lane_init(&lane, &host, 0);
        lane_raise(&lane, 0);
        adopt();
}

static void teardown_lane(void) {
        lane_kill(&lane);
        lane_deinit(&lane);
        (void)kill(child, SIGKILL);
        (void)waitpid(child, NULL, 0);
        (void)fd_close(host.epoll_fd);
        (void)fd_close(host.forker.socket_fd);
        (void)fd_close(forker_end);
        teardown();
}

static void submit(WorkerOp op) {
        const WorkerJob description = {
                .op = op,
                .name = op == WORKER_OP_REPLACE ? "name" : NULL,
                .fd = ours,
                .deadline_usec = LONG_USEC,
        };
        Job *job;

        ck_assert_int_eq(job_new(&description, on_done, NULL, &job), 0);
        ck_assert_int_eq(lane_submit(&lane, job, 0), 0);
}

/* The request of the first job has id 1. */
static const struct {
        const char *name;
        WorkerOp op;
        WorkerAnswer answer;
        size_t size;
        size_t n_fds;
        bool is_odd;
} worker_answers[] = {
        { "fine", WORKER_OP_APPEND, { .id = 1 }, sizeof(WorkerAnswer), 0, false },
        { "fine with file", WORKER_OP_REPLACE, { .id = 1 }, sizeof(WorkerAnswer), 1, false },
        { "failed", WORKER_OP_REPLACE, { 1, -EIO }, sizeof(WorkerAnswer), 0, false },
        { "short", WORKER_OP_APPEND, { .id = 1 }, sizeof(WorkerAnswer) - 1, 0, true },
        { "long", WORKER_OP_APPEND, { .id = 1 }, sizeof(WorkerAnswer) + 1, 0, true },
        { "of another", WORKER_OP_APPEND, { .id = 2 }, sizeof(WorkerAnswer), 0, true },
        { "no errno", WORKER_OP_APPEND, { 1, 5 }, sizeof(WorkerAnswer), 0, true },
        { "file too many", WORKER_OP_APPEND, { .id = 1 }, sizeof(WorkerAnswer), 1, true },
        { "two files", WORKER_OP_REPLACE, { .id = 1 }, sizeof(WorkerAnswer), 2, true },
        { "no file", WORKER_OP_REPLACE, { .id = 1 }, sizeof(WorkerAnswer), 0, true },
        { "failed with file", WORKER_OP_REPLACE, { 1, -EIO }, sizeof(WorkerAnswer), 1, true },
};

static void answer_with(size_t i) {
        const int fds[] = { ours, ours };
        char bytes[sizeof(WorkerAnswer) + 8] = "";

        memcpy(bytes, &worker_answers[i].answer, sizeof(WorkerAnswer));
        ck_assert_int_eq(
                packet_send(ours, bytes, worker_answers[i].size, fds, worker_answers[i].n_fds, 0),
                0);
}

START_TEST(an_odd_answer_costs_the_worker) {
        struct pollfd end;

        submit(worker_answers[_i].op);
        answer_with((size_t)_i);
        lane_dispatch(&lane, 1);
        ck_assert_uint_eq(n_done, 1);
        ck_assert_uint_eq(lane_get_state(&lane, 1).n_waiting, 0);
        if (!worker_answers[_i].is_odd) {
                ck_assert_int_eq(done_error, worker_answers[_i].answer.error);
                ck_assert_int_eq(done_fd >= 0, worker_answers[_i].n_fds == 1);
                (void)fd_close(done_fd);
                ck_assert_int_eq(lane.state, LANE_UP);
                return;
        }
        ck_assert_msg(done_error == -ECONNRESET, "%s: %d", worker_answers[_i].name, done_error);
        ck_assert_int_eq(done_fd, -EBADF);
        ck_assert_int_eq(lane.state, LANE_DYING);
        end = (struct pollfd){ .fd = lane.pidfd, .events = POLLIN };
        ck_assert_int_eq(poll(&end, 1, LIMIT_MSEC), 1);
        lane_dispatch(&lane, 2);
        ck_assert_int_eq(lane_get_state(&lane, 2).pid, 0);
}
END_TEST

START_TEST(an_answer_that_nobody_asked_for_costs_the_worker) {
        answer_with(0);
        lane_dispatch(&lane, 1);
        ck_assert_uint_eq(n_done, 0);
        ck_assert_int_eq(lane.state, LANE_DYING);
}
END_TEST

START_TEST(a_file_for_which_there_is_no_room_is_an_error_of_its_job_alone) {
        struct rlimit before, low;
        int free_fd = dup(ours);

        (void)close(free_fd);
        submit(WORKER_OP_REPLACE);
        answer_with(1);
        ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
        low = before;
        low.rlim_cur = 0;
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
        lane_dispatch(&lane, 1);
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
        ck_assert_uint_eq(n_done, 1);
        ck_assert_int_eq(done_error, -EMFILE);
        ck_assert_int_eq(done_fd, -EBADF);
        ck_assert_int_eq(lane.state, LANE_UP);
}
END_TEST

START_TEST(a_worker_that_was_not_asked_for_is_not_taken) {
        const ForkerAnswer answer = { .pid = 1 };
        PacketFds fds = { .items = { ours, ours }, .n_items = 2 };

        ck_assert(!lane_adopt(&lane, &answer, &fds, 1));
        ck_assert_uint_eq(fds.n_items, 2);
        ck_assert_int_eq(lane_get_state(&lane, 1).pid, child);
}
END_TEST

START_TEST(a_late_look_takes_the_answer_before_the_deadline) {
        submit(WORKER_OP_APPEND);
        answer_with(0);
        lane_dispatch(&lane, 2 * LONG_USEC);
        ck_assert_uint_eq(n_done, 1);
        ck_assert_int_eq(done_error, 0);
        ck_assert_int_eq(lane.state, LANE_UP);
}
END_TEST

START_TEST(times_to_look_are_told) {
        ck_assert_uint_eq(lane_get_due(&lane), LANE_NEVER);
        submit(WORKER_OP_APPEND);
        ck_assert_uint_eq(lane_get_due(&lane), LONG_USEC);
        lane_dispatch(&lane, LONG_USEC - 1);
        ck_assert_uint_eq(n_done, 0);
        lane_dispatch(&lane, LONG_USEC);
        ck_assert_uint_eq(n_done, 1);
        ck_assert_int_eq(done_error, -ETIMEDOUT);
        ck_assert_uint_eq(lane_get_due(&lane), LONG_USEC + WORKER_GRACE_USEC);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("worker-peers");
        TCase *t = tcase_create("packets");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, a_packet_arrives_with_its_descriptors);
        tcase_add_loop_test(t, an_odd_packet_is_an_error_and_leaves_nothing_open, 0,
                            ELEMENTSOF(odd_packets));
        tcase_add_test(t, a_peer_that_went_is_the_end_read_or_unread);
        tcase_add_loop_test(t, an_odd_request_is_not_done, 0, ELEMENTSOF(odd_requests));
        tcase_add_test(t, a_request_without_seals_is_not_done);
        tcase_add_test(t, a_request_is_answered_with_its_id);
        tcase_add_loop_test(t, a_forker_is_believed_when_it_makes_sense, 0,
                            ELEMENTSOF(forker_answers));
        suite_add_tcase(s, t);
        t = tcase_create("lane");
        tcase_add_checked_fixture(t, setup_lane, teardown_lane);
        tcase_set_timeout(t, 60);
        tcase_add_loop_test(t, an_odd_answer_costs_the_worker, 0, ELEMENTSOF(worker_answers));
        tcase_add_test(t, an_answer_that_nobody_asked_for_costs_the_worker);
        tcase_add_test(t, a_file_for_which_there_is_no_room_is_an_error_of_its_job_alone);
        tcase_add_test(t, a_worker_that_was_not_asked_for_is_not_taken);
        tcase_add_test(t, a_late_look_takes_the_answer_before_the_deadline);
        tcase_add_test(t, times_to_look_are_told);
        suite_add_tcase(s, t);
        return s;
}
