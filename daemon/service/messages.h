/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Values into messages. Inside this folder only. Everything is allocated from the arena; -ENOMEM
 * when it is full.
 */
#include "base/arena.h"
#include "service/cgroup-history.h"
#include "service/node-service.h"
#include "slug/v1/node.pb-c.h"
#include "slug/v1/topology.pb-c.h"

_must_check_ int message_build_numa_node(Arena *arena,
                                         const Topology *topology,
                                         const TopologyNode *node,
                                         Slug__V1__NumaNode **ret);
_must_check_ int
message_build_topology(Arena *arena, const Topology *topology, Slug__V1__Topology **ret);
_must_check_ int message_build_unused(Arena *arena,
                                      const Topology *topology,
                                      size_t *ret_n,
                                      Slug__V1__UnusedMemory ***ret);
_must_check_ int message_build_diagnostics(Arena *arena,
                                           const Topology *topology,
                                           size_t *ret_n,
                                           Slug__V1__Diagnostic ***ret);
_must_check_ int message_build_conditions(Arena *arena,
                                          const NodeView *view,
                                          size_t *ret_n,
                                          Slug__V1__Condition ***ret);
_must_check_ int
message_build_description(Arena *arena, const NodeView *view, Slug__V1__DescribeNodeResponse **ret);
/* What claims hold of each resource. */
_must_check_ int
message_add_allocated(Arena *arena, const NodeView *view, Slug__V1__DescribeNodeResponse *message);
Slug__V1__Locality message_encode_locality(Locality locality);
Slug__V1__ReservationPlacement message_encode_placement(Placement placement);
/* The NUMA node at that place of the topology, and its amounts. */
_must_check_ int message_fill_described(Arena *arena,
                                        const NodeView *view,
                                        size_t index,
                                        Slug__V1__DescribedNumaNode *message);
_must_check_ int message_build_explanation(Arena *arena,
                                           const NodeView *view,
                                           size_t index,
                                           Slug__V1__ExplainResponse **ret);
_must_check_ int
message_build_config(Arena *arena, const NodeView *view, Slug__V1__GetConfigResponse **ret);
_must_check_ int
message_build_findings(Arena *arena, const NodeView *view, Slug__V1__ListFindingsResponse **ret);
_must_check_ int message_build_changes(Arena *arena,
                                       const NodeView *view,
                                       uint64_t after_generation,
                                       Slug__V1__ListChangesResponse **ret);
_must_check_ int message_build_cgroup_events(Arena *arena,
                                             const CgroupHistory *history,
                                             uint64_t after_number,
                                             size_t *ret_n,
                                             Slug__V1__CgroupEvent ***ret);

_must_check_ int message_build_split_events(Arena *arena,
                                            const SplitHistory *history,
                                            uint64_t after_number,
                                            size_t *ret_n,
                                            Slug__V1__SplitEvent ***ret);

/*
 * An array of n pointers to n initialised messages: list->items[i] is ready to be filled.
 * MESSAGE_LIST(arena, n, Slug__V1__Distance, slug__v1__distance__init) gives NULL when out of
 * memory.
 */
void **message_list(Arena *arena, size_t n, size_t size, const ProtobufCMessage *init);
#define MESSAGE_LIST(arena, n, Type, INIT)                                                         \
        ((Type **)message_list((arena), (n), sizeof(Type), &((const Type)INIT).base))

/*
 * Sets the optional field of that name, or leaves it unset when there is no value. By name, because
 * the generated code spells each of them as a oneof of one member; a name that does not exist is
 * our own bug and asserts.
 */
void message_set(ProtobufCMessage *message, const char *field, OptU64 value);
/* The same for a text, which is not copied. */
void message_set_text(ProtobufCMessage *message, const char *field, char *text);
