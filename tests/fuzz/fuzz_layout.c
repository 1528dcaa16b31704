/* What dot may answer: numbers within bounds, or a refusal. */
#include "maps/layout.h"

#include <stdlib.h>

#define BOXES 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct app app = { .clock = &system_clock, .component = "fuzz" };
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new((size_t)1 << 24);
	struct layout_box boxes[BOXES];
	struct layout_line lines[] = { { .from = 0, .to = 1, .weight = 1 },
		                       { .from = 1, .to = 2, .weight = 1 } };
	struct layout l = { .boxes = boxes, .nboxes = BOXES, .lines = lines, .nlines = 2 };
	struct ctx cx;

	for (int i = 0; i < BOXES; i++)
		boxes[i] = (struct layout_box){ .width = 100, .height = 50 };
	ctx_begin(&cx, &app, arena, NULL);
	if (layout_answer(&cx, arena, (struct span){ (const char *)data, size }, &l) != ERR_OK)
		return 0;
	for (size_t i = 0; i < l.nlines; i++)
		if (lines[i].npoints >= LAYOUT_POINTS_MAX ||
		    (lines[i].npoints != 0 && lines[i].npoints % 3 != 1))
			abort();
	for (int i = 0; i < BOXES; i++)
		if (abs(boxes[i].x) > 1000000 || abs(boxes[i].y) > 1000000)
			abort();
	return 0;
}
