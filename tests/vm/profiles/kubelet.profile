# A real kubelet without an API server, on a machine like numa's whose slower nodes are for chunks.
like numa
kernel slug.driver=systemd
needs kubelet
cases chunks-stock chunks chunks-restarts chunks-reboot
