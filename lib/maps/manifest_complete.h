/*
 * What one manifest leaves to another, filled in once all have been read:
 *
 *   Maven   versions of dependencyManagement and properties of the poms above
 *   Gradle  names of version catalogues become dependencies; versions that are
 *           variables of the script, of scripts above it, or of gradle.properties
 *   NuGet   versions of Directory.Packages.props; properties of Directory.*.props
 *
 * What only the network or a run of the build could tell (a bill of materials
 * from outside, computed names) stays as it was written.
 */
#ifndef MAPS_MANIFEST_COMPLETE_H
#define MAPS_MANIFEST_COMPLETE_H

#include "maps/file.h"
#include "maps/manifest.h"

/**
 * @arena      for new texts and lists
 * @files      those that the manifests stand in, sorted by path
 * @manifests  changed in place; time is linear in them and in the depth of folders
 */
void manifest_complete(struct arena *arena, const struct map_file *files,
                       struct manifest *manifests, size_t nmanifests);

#endif
