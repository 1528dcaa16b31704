/*
 * The broker: starts a pdftotext for each PDF, with nothing but its bytes, ends it when it takes too long or
 * says too much, and passes on what it said.  It is a process of its own and does nothing else; see pdf.h.
 */
#include "maps/broker.h"
#include "maps/pdf.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PROGRAM        "/usr/bin/pdftotext"
#define OPEN_FILES_MAX 32
#define PAGES_DIGITS   12

/* What a reader of bytes has no use for.  The program is started by the one execve() that is left, of what
 * Landlock lets run. */
static const int REFUSED[] = {
	SCMP_SYS(socket),
	SCMP_SYS(socketpair),
	SCMP_SYS(connect),
	SCMP_SYS(bind),
	SCMP_SYS(listen),
	SCMP_SYS(sendto),
	SCMP_SYS(sendmsg),
	SCMP_SYS(fork),
	SCMP_SYS(vfork),
	SCMP_SYS(clone),
	SCMP_SYS(clone3),
	SCMP_SYS(kill),
	SCMP_SYS(tkill),
	SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(pidfd_open),
	SCMP_SYS(pidfd_getfd),
	SCMP_SYS(unshare),
	SCMP_SYS(setns),
	SCMP_SYS(mount),
	SCMP_SYS(umount2),
	SCMP_SYS(pivot_root),
	SCMP_SYS(chroot),
	SCMP_SYS(bpf),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(keyctl),
	SCMP_SYS(add_key),
	SCMP_SYS(request_key),
	SCMP_SYS(open_by_handle_at),
	SCMP_SYS(creat),
	SCMP_SYS(mkdir),
	SCMP_SYS(mkdirat),
	SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),
	SCMP_SYS(rename),
	SCMP_SYS(renameat),
	SCMP_SYS(renameat2),
	SCMP_SYS(link),
	SCMP_SYS(linkat),
	SCMP_SYS(symlink),
	SCMP_SYS(symlinkat),
	SCMP_SYS(chmod),
	SCMP_SYS(fchmod),
	SCMP_SYS(fchmodat),
	SCMP_SYS(chown),
	SCMP_SYS(fchown),
	SCMP_SYS(fchownat),
	SCMP_SYS(mknod),
	SCMP_SYS(mknodat),
	SCMP_SYS(memfd_create),
	SCMP_SYS(openat2),
};

struct job {
	const struct pdf_limits *limits;
	char *bytes;  /* of the PDF */
	char *output; /* PDF_TEXT_BYTES and one more */
	size_t n, noutput;
	int64_t spent_ms; /* by those before */
};

static void refuse_calls(void)
{
	const unsigned writing = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND;
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int rc = filter == NULL ? -1 : 0;

	for (size_t i = 0; rc == 0 && i < COUNT(REFUSED); i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), REFUSED[i], 0);
	for (unsigned bit = 1; rc == 0 && bit <= writing; bit <<= 1) {
		if ((writing & bit) == 0)
			continue;
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(open), 1,
		                      SCMP_A1(SCMP_CMP_MASKED_EQ, bit, bit));
		if (rc == 0)
			rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(openat), 1,
			                      SCMP_A2(SCMP_CMP_MASKED_EQ, bit, bit));
	}
	if (rc != 0 || seccomp_load(filter) != 0)
		_exit(127);
	seccomp_release(filter);
}

static pid_t start(const struct job *job, int in, int out)
{
	static const char *const ENV[] = { "LC_ALL=C.UTF-8", NULL };
	const struct pdf_limits *limits = job->limits;
	char pages[PAGES_DIGITS];
	const char *const argv[] = { PROGRAM, "-q",  "-enc", "UTF-8", "-eol", "unix",
		                     "-l",    pages, "-",    "-",     NULL };
	const struct broker_program program = {
		.argv = argv,
		.env = ENV,
		.open_files = OPEN_FILES_MAX,
		.cpu_s = limits->timeout_s,
		.memory_bytes = limits->memory_bytes,
		.last = refuse_calls,
	};

	snprintf(pages, sizeof(pages), "%d", (int)limits->max_pages);
	return broker_run(&program, in, out);
}

/* The bytes as a file without a name.  @ret -1 on failure */
static int file_of(const struct job *job)
{
	int fd = (int)syscall(SYS_memfd_create, "pdf", MFD_CLOEXEC);

	if (fd >= 0 && (!broker_write_all(fd, job->bytes, job->n) || lseek(fd, 0, SEEK_SET) != 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

static enum pdf_result take_output(struct job *job, int out, int64_t deadline)
{
	for (;;) {
		struct pollfd fd = { .fd = out, .events = POLLIN };
		int64_t wait = deadline - broker_now_ms();
		ssize_t n;

		if (wait <= 0)
			return PDF_TIMED_OUT;
		if (poll(&fd, 1, (int)wait) <= 0)
			continue;
		n = read(out, job->output + job->noutput, PDF_TEXT_BYTES + 1 - job->noutput);
		if (n < 0 && errno != EINTR)
			return PDF_DAMAGED;
		if (n == 0)
			return PDF_OK;
		job->noutput += n > 0 ? (size_t)n : 0;
		if (job->noutput > PDF_TEXT_BYTES)
			return PDF_TOO_MUCH;
	}
}

/* @ret how it ended; it is over afterwards in any case */
static enum pdf_result end_child(pid_t pid, enum pdf_result so_far)
{
	int status;

	if (so_far != PDF_OK)
		kill(pid, SIGKILL);
	status = broker_wait(pid);
	if (so_far != PDF_OK)
		return so_far;
	if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL))
		return PDF_TIMED_OUT;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? PDF_OK : PDF_DAMAGED;
}

static enum pdf_result read_pdf(struct job *job)
{
	int64_t begun = broker_now_ms(), deadline = begun + job->limits->timeout_s * 1000;
	pid_t pid;
	enum pdf_result result;
	int in, out[2];

	job->noutput = 0;
	if (job->spent_ms >= PDF_ALL_MS)
		return PDF_TIMED_OUT;
	in = file_of(job);
	if (in < 0 || pipe2(out, O_CLOEXEC) != 0) {
		if (in >= 0)
			close(in);
		return PDF_DAMAGED;
	}
	pid = start(job, in, out[1]);
	close(in);
	close(out[1]);
	result = pid > 0 ? end_child(pid, take_output(job, out[0], deadline)) : PDF_DAMAGED;
	close(out[0]);
	job->spent_ms += broker_now_ms() - begun;
	return result;
}

/* What the analyser may reach and this process need not, goes; what runs pdftotext stays. */
static void confine(void)
{
	static const struct landlock_rule RULES[] = {
		{ PROGRAM, LANDLOCK_READ | LANDLOCK_EXEC, true },
		{ "/usr/lib", LANDLOCK_READ | LANDLOCK_EXEC, true },
		{ "/lib", LANDLOCK_READ | LANDLOCK_EXEC, true },
		{ "/lib64", LANDLOCK_READ | LANDLOCK_EXEC, true },
		{ "/usr/share", LANDLOCK_READ, true },
		{ "/etc/ld.so.cache", LANDLOCK_READ, true },
	};

	broker_confine(RULES, COUNT(RULES));
}

void pdf_broker(int fd, const struct pdf_limits *limits)
{
	struct job job = { .limits = limits };
	uint32_t n;

	confine();
	job.output = malloc(PDF_TEXT_BYTES + 1);
	while (job.output != NULL && broker_read_all(fd, &n, sizeof(n)) &&
	       n <= (uint64_t)limits->max_bytes) {
		struct pdf_answer answer = { 0 };

		job.n = n;
		job.bytes = malloc((size_t)n + 1);
		if (job.bytes == NULL || !broker_read_all(fd, job.bytes, n))
			break;
		answer.result = read_pdf(&job);
		free(job.bytes);
		answer.bytes = answer.result == PDF_OK ? (uint32_t)job.noutput : 0;
		if (!broker_write_all(fd, &answer, sizeof(answer)) ||
		    !broker_write_all(fd, job.output, answer.bytes))
			break;
	}
	_exit(0);
}
