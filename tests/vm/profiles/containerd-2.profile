# The machine of containerd, with the runtime of Debian's next release, containerd 2, which has NRI turned on by itself.
like containerd
suite forky
needs asking
# nri-many runs when it is asked for
cases nri
