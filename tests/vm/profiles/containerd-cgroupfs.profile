# Pods of a real container runtime, in cgroups that it makes itself.
like numa
kernel slug.driver=cgroupfs
cases qos
