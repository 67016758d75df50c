# A real kubelet without an API server, on a machine like numa's whose slower nodes are for chunks.
like numa
initiator 3 1
kernel slug.driver=systemd
needs kubelet
cases chunks-stock chunks chunks-restarts chunks-reboot
