# Pods of a real container runtime, in cgroups that systemd makes.
like numa
kernel slug.driver=systemd
cases pods pods-orders qos qos-drift pods-many sandbox-kubelet nri
