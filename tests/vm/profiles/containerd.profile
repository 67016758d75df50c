# Pods of a real container runtime, in cgroups that systemd makes.
like numa
kernel slug.driver=systemd
# pods-many, a hundred of them and what slugd costs then, and nri-many, a hundred containers with a split, run when they are asked
# for
cases pods pods-orders qos qos-drift sandbox-kubelet nri
