/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What slug-nri says in the log of containers.
 */
#include "nri/kept.h"

/* It is created with what slugd gives it; or (@is_found) was there before, and is given it now. */
void announce_given(const KeptContainer *item, bool is_found);
/* That slugd gives it less than it asks for. The same once. */
void announce_refusal(KeptContainer *item, const char *refusal);
/* slugd did not answer. @is_closed: so it is not created. */
void announce_unanswered(const Admitted *asked, bool is_closed, const char *problem);
/* The runtime did not change it. */
void announce_not_updated(const KeptContainer *item);
