/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Accounts
 *
 * What claims hold of each NUMA node, kept up to date as claims come and go, so that asking costs
 * the same however many there are. Inside this folder only.
 */
#include "ledger/ledger.h"

typedef struct AccountRow {
        uint64_t page_bytes;
        uint64_t bytes;
        uint64_t observed_bytes; /* part of them */
        /* while a change is being checked */
        uint64_t added_bytes, removed_bytes;
} AccountRow;

typedef struct AccountNode {
        unsigned n_blocks; /* of promises: what is observed is no assignment */
        NodeSet group;     /* of the last block; {} when there is none */
        AccountRow *rows;
        size_t n_rows;
} AccountNode;

/* {} is empty. */
typedef struct Account {
        AccountNode *nodes[NODESET_MAX]; /* NULL: never had a claim */
} Account;

void account_deinit(Account *account);

/* Makes room for @claim, so that nothing below can fail. Return: 0 or -ENOMEM. */
_must_check_ int account_prepare(Account *account, const LedgerClaim *claim);
void account_add(Account *account, const LedgerClaim *claim);
void account_sub(Account *account, const LedgerClaim *claim);
/* @now in the place of @before: a NUMA node that both lie on keeps its group. */
void account_swap(Account *account, const LedgerClaim *before, const LedgerClaim *now);

/* Checking a change: what it would add and remove, then whether there is room, then forget. */
void account_plan_add(Account *account, const LedgerClaim *claim);
void account_plan_remove(Account *account, const LedgerClaim *claim);
bool account_has_room(const Account *account, const LedgerRoom *room, LedgerLack *reterr);
void account_forget_plan(Account *account);

const AccountNode *account_find(const Account *account, unsigned node);
uint64_t account_get_bytes(const Account *account, unsigned node, uint64_t page_bytes);
uint64_t account_get_observed(const Account *account, unsigned node, uint64_t page_bytes);
bool account_is_equal(const Account *a, const Account *b); /* groups aside */
