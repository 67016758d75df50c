# A real kubelet without an API server, on a machine like numa's whose slower nodes are for chunks.
like numa
initiator 3 1
kernel slug.driver=systemd
needs kubelet
# chunks-stock, a node without slugd for the comparison in README.md, and chunks-nri, chunks-bytes with slug-nri, run when they are
# asked for
cases chunks chunks-bytes chunks-restarts chunks-reboot
