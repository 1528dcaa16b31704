/* Segments: one head, one checksum, one write. */
#include "maps/segment.h"

#include "maps/checksum.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC        0x31474553204c5450u /* "PTL SEG1" */
#define GIVEN_FDS    4                   /* base/tool.h */
#define SUMMED       16                  /* bytes of the head before what is summed */
#define ROUND(bytes) (((bytes) + 7) & ~(uint64_t)7)

struct head {
	uint64_t magic, sum; /* of all that follows */
	uint64_t print;
	uint32_t first_text; /* texts in the segments before */
	uint32_t ntexts, text_bytes, record_bytes;
};
static_assert(sizeof(struct head) == SEGMENT_HEAD_BYTES, "segment.h tells how it begins");

/* Never one of the descriptors that a child is given: where nobody gave it, others would write to it. */
static int open_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	int high = fd >= 0 && fd < GIVEN_FDS ? fcntl(fd, F_DUPFD_CLOEXEC, GIVEN_FDS) : fd;

	if (high != fd)
		close(fd);
	return high;
}

void segment_file_open(struct segment_file *f, const char *path, uint64_t max_bytes, uint64_t print)
{
	*f = (struct segment_file){ .fd = -1, .max = max_bytes, .print = print };
	if (path != NULL && max_bytes > 0)
		f->fd = open_file(path);
	f->writes = f->fd >= 0 && flock(f->fd, LOCK_EX | LOCK_NB) == 0;
}

void segment_file_close(struct segment_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	free(f->data);
	*f = (struct segment_file){ .fd = -1 };
}

void segment_file_load(struct segment_file *f)
{
	struct stat st;
	char *data;
	uint64_t done = 0;

	if (f->fd < 0 || fstat(f->fd, &st) != 0 || st.st_size <= 0)
		return;
	f->size = (uint64_t)st.st_size;
	data = f->size <= f->max ? malloc(f->size) : NULL;
	while (data != NULL && done < f->size) {
		ssize_t n = pread(f->fd, data + done, f->size - done, (off_t)done);

		if (n <= 0 && !(n < 0 && errno == EINTR)) {
			free(data);
			return;
		}
		done += n > 0 ? (uint64_t)n : 0;
	}
	f->data = data;
}

bool segment_next(const struct segment_file *f, size_t first_text, struct segment *ret)
{
	uint64_t left = f->size - f->end;
	const char *data;
	struct head head;

	if (f->data == NULL || left < sizeof(head))
		return false;
	data = f->data + f->end;
	memcpy(&head, data, sizeof(head));
	*ret = (struct segment){
		.ntexts = head.ntexts,
		.text_bytes = head.text_bytes,
		.bytes = ROUND(sizeof(head) + (uint64_t)head.ntexts * sizeof(uint32_t) +
		               head.text_bytes + head.record_bytes),
	};
	if (head.magic != MAGIC || head.print != f->print || ret->bytes > left ||
	    head.first_text != first_text)
		return false;
	ret->offsets = data + sizeof(head);
	ret->texts = ret->offsets + (size_t)head.ntexts * sizeof(uint32_t);
	ret->records = (struct span){ ret->texts + head.text_bytes, head.record_bytes };
	return head.sum == checksum(data + SUMMED, ret->bytes - SUMMED, 0);
}

const char *segment_text(const struct segment *segment, uint32_t i)
{
	uint32_t at;

	if (i >= segment->ntexts || segment->text_bytes == 0 ||
	    segment->texts[segment->text_bytes - 1] != '\0')
		return NULL;
	memcpy(&at, segment->offsets + (size_t)i * sizeof(at), sizeof(at));
	return at < segment->text_bytes ? segment->texts + at : NULL;
}

void segment_file_append(struct segment_file *f, const char *data, size_t n)
{
	ssize_t done;

	if (f->size != f->end && ftruncate(f->fd, (off_t)f->end) != 0) {
		f->writes = false;
		return;
	}
	do
		done = write(f->fd, data, n);
	while (done < 0 && errno == EINTR);
	f->size = f->end + (done > 0 ? (uint64_t)done : 0);
	if (done == (ssize_t)n) {
		f->end = f->size;
		return;
	}
	f->writes = false;
	if (ftruncate(f->fd, (off_t)f->end) != 0)
		f->size = 0; /* the next run finds a torn end, and cuts it */
}

void segment_seal(char *data, size_t n, uint64_t print)
{
	struct head head;

	memcpy(&head, data, sizeof(head));
	head.magic = MAGIC;
	head.print = print;
	memcpy(data, &head, sizeof(head));
	head.sum = checksum(data + SUMMED, n - SUMMED, 0);
	memcpy(data, &head, sizeof(head));
}

static char *build(const struct head *head, const char *const *texts, struct span records, size_t n)
{
	size_t texts_at = sizeof(*head) + head->ntexts * sizeof(uint32_t);
	char *data = calloc(1, n);

	if (data == NULL)
		return NULL;
	memcpy(data, head, sizeof(*head));
	for (uint32_t i = 0, at = 0; i < head->ntexts; i++) {
		size_t len = strlen(texts[i]) + 1;

		memcpy(data + sizeof(*head) + i * sizeof(at), &at, sizeof(at));
		memcpy(data + texts_at + at, texts[i], len);
		at += (uint32_t)len;
	}
	memcpy(data + texts_at + head->text_bytes, records.data, records.len);
	return data;
}

void segment_append(struct segment_file *f, size_t first_text, const char *const *texts,
                    size_t ntexts, struct span records)
{
	uint64_t text_bytes = 0, n;
	char *data = NULL;

	if (!f->writes)
		return;
	for (size_t i = 0; i < ntexts; i++)
		text_bytes += strlen(texts[i]) + 1;
	n = ROUND(sizeof(struct head) + ntexts * sizeof(uint32_t) + text_bytes + records.len);
	if (n <= UINT32_MAX && f->end + n <= f->max) {
		const struct head head = {
			.first_text = (uint32_t)first_text,
			.ntexts = (uint32_t)ntexts,
			.text_bytes = (uint32_t)text_bytes,
			.record_bytes = (uint32_t)records.len,
		};

		data = build(&head, texts, records, n);
	}
	if (data != NULL) {
		segment_seal(data, n, f->print);
		segment_file_append(f, data, n);
	} else {
		f->writes = false;
	}
	free(data);
}

void segment_file_empty(struct segment_file *f)
{
	if (f->fd >= 0 && ftruncate(f->fd, 0) == 0)
		f->size = f->end = 0;
}
