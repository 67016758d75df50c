# A real kubelet without an API server, on a machine like numa's whose slower nodes are for chunks.
like numa
initiator 3 1
kernel slug.driver=systemd
needs kubelet
# chunks-stock, a node without slugd, is for the comparison in README.md and runs when it is asked for
cases chunks chunks-bytes chunks-nri chunks-restarts chunks-reboot
