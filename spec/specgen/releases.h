/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Releases of Linux: 6.18, 6.18.44, 7.3-rc7.
 *
 * A range of them is one release with all that come after it in its own series
 * (6.12.3 is in 6.12), or two: "6.8 to 6.14", both included, 6.14.9 too; or one and all
 * later ones: "6.18 on".
 */
#ifndef UFFDIO_MOVE_RELEASES_H
#define UFFDIO_MOVE_RELEASES_H

#include <stdbool.h>

/* Is the text a release, or a range? */
bool releases_are_one(const char *text);
bool releases_are_range(const char *text);

/* Is the one in the other?  Both have to be what they are. */
bool releases_have(const char *range, const char *release);

/* Is it the first release behind the range, in the range's last series or as a series? */
bool releases_follow(const char *range, const char *release);

/* Less than 0 if the first is older, 0 if both are the same, more if it is newer. */
int releases_compare(const char *one, const char *other);

#endif
