/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Settings of the system that are changed for a run and put back.
 *
 * How each change is undone is written to memory shared with a watcher process
 * before the change is made.  The run undoes them itself when it ends, the
 * watcher does when the run was killed.  A run waits until no other has changes of
 * its own (lock.h).
 */
#ifndef UFFDIO_MOVE_SETTINGS_H
#define UFFDIO_MOVE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

/**
 * settings_open() - take the lock and start the watcher
 *
 * Returns NULL, or a clause without full stop that says why nothing can be changed.
 */
const char *settings_open(void);

/**
 * settings_close() - undo every change, last one first, and let the watcher go
 *
 * May be called from a signal handler, and more than once.  Does nothing in a
 * process other than the one that called settings_open().  What cannot be undone is
 * said on standard error, with what to do by hand.
 */
void settings_close(void);

/**
 * setting_read() - the value of a setting
 * @path:  a file in /sys or /proc
 * @value: the chosen word where the file lists alternatives ("[madvise]"),
 *         otherwise its first line
 *
 * Returns 0 or an errno.
 */
int setting_read(const char *path, char *value, size_t size);

/* Write to a file in /sys or /proc, not to be undone; returns 0 or an errno. */
int setting_write(const char *path, const char *value);

/**
 * setting_change() - give a setting a value until it is put back
 *
 * Writes nothing if the setting has that value already.  A child of the process
 * that called settings_open() may change settings too.  Returns 0 or an errno.
 */
int setting_change(const char *path, const char *value);

/* Undo the last change of one setting now; does nothing if there was none. */
void setting_put_back(const char *path);

/* How a thing that is not a setting is undone. */
enum undo {
	UNDO_WRITE = 1,		/* write @value to @path; nothing while @value is empty */
	UNDO_SWAPOFF,		/* swapoff(@path) */
	UNDO_UNLINK,		/* unlink(@path) */
	UNDO_RMDIR,		/* rmdir(@path) */
	UNDO_FORGET,		/* let the RAM disk @path hold zeroes again */
};

/**
 * undo_later() - note how a change that is about to be made is undone
 * @value: for UNDO_WRITE, otherwise NULL
 *
 * Returns a handle, or -1 with errno set if that could not be undone: then the
 * change must not be made.
 */
int undo_later(enum undo how, const char *path, const char *value);

/**
 * undo_value_read() - let what is read from a file be the value to be written
 * @handle: of undo_later(UNDO_WRITE, ..., "")
 * @path:   a file of which each reading makes a thing, and gives its name
 * @name:   set to what was read; lasts as long as the program
 *
 * However the program ends, there is no moment at which the thing is there and
 * nobody knows its name.  Returns 0 or an errno.
 */
int undo_value_read(int handle, const char *path, const char **name);

/* Undo one change now; once only, and not if it is undone already. */
void undo_now(int handle);

/* The change of undo_later() was not made after all. */
void undo_never(int handle);

#endif
