/*
 * Exports: a map in the formats of other programs.
 *
 * DOT and Mermaid are written of a drawing, so they are as small as the picture; GraphML, CycloneDX and the
 * text for a model of a view.  All are pure functions; every name is escaped as its format wants it.
 *
 *   GraphML    Every file with its language, lines, component and rank; every import once, with its weight.
 *   CycloneDX  1.5, JSON (ECMA-424): a component for each package that a manifest names, with its package URL,
 *              and where it is named.  No times and no random numbers: the serial number is made of the commit.
 */
#ifndef MAPS_EXPORTS_H
#define MAPS_EXPORTS_H

#include "maps/drawing.h"

#define EXPORT_TEXT_MAX    ((size_t)1 << 20)  /* bytes of DOT and Mermaid */
#define EXPORT_GRAPHML_MAX ((size_t)48 << 20) /* bytes; beyond them ERR_LIMIT */
#define EXPORT_CDX_MAX     ((size_t)32 << 20)

/* All: @ret in arena.  Return ERR_LIMIT when the text grows too large. */
NODISCARD
enum err export_dot(struct ctx *cx, struct arena *arena, const struct drawing *d, struct span *ret);
NODISCARD
enum err export_mermaid(struct ctx *cx, struct arena *arena, const struct drawing *d,
                        struct span *ret);
NODISCARD
enum err export_graphml(struct ctx *cx, struct arena *arena, const struct view *v,
                        struct span *ret);
/** @project its name, for the document's subject */
NODISCARD
enum err export_cyclonedx(struct ctx *cx, struct arena *arena, const struct view *v,
                          const char *project, struct span *ret);

#endif
