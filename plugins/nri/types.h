/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Short names of messages, of the runtime's and of slugd's
 */
#include "containerd/nri/v1alpha1/nri.pb-c.h"
#include "slug/v1/enforce.pb-c.h"

typedef Nri__Pkg__Api__V1alpha1__PodSandbox NriPod;
typedef Nri__Pkg__Api__V1alpha1__Container NriContainer;
typedef Nri__Pkg__Api__V1alpha1__LinuxResources NriResources;
typedef Nri__Pkg__Api__V1alpha1__ContainerUpdate NriUpdate;
typedef Slug__V1__AdmittedContainer Admitted;
typedef Slug__V1__ContainerPlacement Placement;
