/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Message ids
 *
 * Every log line above debug has one, and systemd/slug.catalog explains each: what happened, what
 * slugd did, what to do. tests/lint/messages.sh compares the two lists.
 */
#define SLUG_MESSAGE_STARTED             "4d2c1b9fb6a44a5b8c0cf4a9b3a41e01"
#define SLUG_MESSAGE_STOPPED             "4d2c1b9fb6a44a5b8c0cf4a9b3a41e02"
#define SLUG_MESSAGE_START_FAILED        "4d2c1b9fb6a44a5b8c0cf4a9b3a41e03"
#define SLUG_MESSAGE_CONFIG_INVALID      "4d2c1b9fb6a44a5b8c0cf4a9b3a41e04"
#define SLUG_MESSAGE_KUBELET_CONFIG      "4d2c1b9fb6a44a5b8c0cf4a9b3a41e05"
#define SLUG_MESSAGE_TOPOLOGY_CHANGED    "4d2c1b9fb6a44a5b8c0cf4a9b3a41e06"
#define SLUG_MESSAGE_TOPOLOGY_KEPT       "4d2c1b9fb6a44a5b8c0cf4a9b3a41e07"
#define SLUG_MESSAGE_TOPOLOGY_DIAGNOSTIC "4d2c1b9fb6a44a5b8c0cf4a9b3a41e08"
#define SLUG_MESSAGE_SOCKET_REFUSED      "4d2c1b9fb6a44a5b8c0cf4a9b3a41e09"
#define SLUG_MESSAGE_ACCEPT_PAUSED       "4d2c1b9fb6a44a5b8c0cf4a9b3a41e0a"
#define SLUG_MESSAGE_RELOADED            "4d2c1b9fb6a44a5b8c0cf4a9b3a41e0b"
#define SLUG_MESSAGE_RELOAD_REFUSED      "4d2c1b9fb6a44a5b8c0cf4a9b3a41e0c"
#define SLUG_MESSAGE_MEMORY_CHANGED      "4d2c1b9fb6a44a5b8c0cf4a9b3a41e0d"
#define SLUG_MESSAGE_SETTING_CHANGED     "4d2c1b9fb6a44a5b8c0cf4a9b3a41e0e"
#define SLUG_MESSAGE_UEVENTS_UNAVAILABLE "4d2c1b9fb6a44a5b8c0cf4a9b3a41e0f"
#define SLUG_MESSAGE_KUBELET_RESTARTED   "4d2c1b9fb6a44a5b8c0cf4a9b3a41e10"
#define SLUG_MESSAGE_ROLE_UNKNOWN        "4d2c1b9fb6a44a5b8c0cf4a9b3a41e11"
#define SLUG_MESSAGE_CLAIMED             "4d2c1b9fb6a44a5b8c0cf4a9b3a41e12"
#define SLUG_MESSAGE_RELEASED            "4d2c1b9fb6a44a5b8c0cf4a9b3a41e13"
#define SLUG_MESSAGE_CLAIM_REFUSED       "4d2c1b9fb6a44a5b8c0cf4a9b3a41e14"
#define SLUG_MESSAGE_LEDGER_LOADED       "4d2c1b9fb6a44a5b8c0cf4a9b3a41e15"
#define SLUG_MESSAGE_LEDGER_DAMAGED      "4d2c1b9fb6a44a5b8c0cf4a9b3a41e16"
#define SLUG_MESSAGE_LEDGER_FAILED       "4d2c1b9fb6a44a5b8c0cf4a9b3a41e17"
#define SLUG_MESSAGE_LEDGER_RECOVERED    "4d2c1b9fb6a44a5b8c0cf4a9b3a41e18"
#define SLUG_MESSAGE_LEDGER_VOLATILE     "4d2c1b9fb6a44a5b8c0cf4a9b3a41e19"
#define SLUG_MESSAGE_WORKER_STUCK        "4d2c1b9fb6a44a5b8c0cf4a9b3a41e1a"
#define SLUG_MESSAGE_WORKER_BACK         "4d2c1b9fb6a44a5b8c0cf4a9b3a41e1b"
#define SLUG_MESSAGE_CHECKPOINT_IMPORTED "4d2c1b9fb6a44a5b8c0cf4a9b3a41e1c"
#define SLUG_MESSAGE_CHECKPOINT_REFUSED  "4d2c1b9fb6a44a5b8c0cf4a9b3a41e1d"
#define SLUG_MESSAGE_PLUGIN_STARTED      "4d2c1b9fb6a44a5b8c0cf4a9b3a41e24"
#define SLUG_MESSAGE_PLUGIN_FAILED       "4d2c1b9fb6a44a5b8c0cf4a9b3a41e25"
#define SLUG_MESSAGE_PEER_LOST           "4d2c1b9fb6a44a5b8c0cf4a9b3a41e26"
#define SLUG_MESSAGE_PEER_BACK           "4d2c1b9fb6a44a5b8c0cf4a9b3a41e27"
#define SLUG_MESSAGE_NO_RUNTIME_EVENTS   "4d2c1b9fb6a44a5b8c0cf4a9b3a41e28"
#define SLUG_MESSAGE_REPORT_REFUSED      "4d2c1b9fb6a44a5b8c0cf4a9b3a41e29"
#define SLUG_MESSAGE_REPORT_INCOMPLETE   "4d2c1b9fb6a44a5b8c0cf4a9b3a41e2a"
#define SLUG_MESSAGE_SETTLED             "4d2c1b9fb6a44a5b8c0cf4a9b3a41e2b"
