// What the parts of the SDK share; nothing for handlers.
#ifndef PENSTOCK_INTERNAL_H
#define PENSTOCK_INTERNAL_H

#include <stdarg.h>

#include "penstock.h"

enum { DONE, SKIP, RETRY, REJECT };

// A name and a text, each ending in a zero byte.
typedef struct {
    char *name;
    char *text;
} penstock_pair;

typedef struct {
    penstock_pair *pairs;
    size_t count;
} penstock_pairs;

struct penstock_settings {
    penstock_pairs given;
    penstock_pairs refused;
};

// Memory that stays; no more of it is the end.
void *penstock_kept(size_t size);
char *penstock_copy(const void *text, size_t size);
void penstock_add_pair(penstock_pairs *pairs, char *name, char *text);

// Refuses settings that the plugin does not declare, and names those that it requires; then asks it.
void penstock_configure(const char *topic, penstock_settings *settings);

// Gives back what `penstock_memory` gave.
void penstock_forget(void);

// The host: the real one in penstock.c, a fake one in penstock_testing.c.
penstock_level penstock_host_max_level(void);
void penstock_host_log(penstock_level level, const char *text);

#endif
