# Pods of a real container runtime, in cgroups that systemd makes.
like numa
kernel slug.driver=systemd
# pods-many, a hundred of them and what slugd costs then, runs when it is asked for
cases pods pods-orders qos qos-drift sandbox-kubelet nri
