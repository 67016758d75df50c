# One DRAM node, and one without CPUs whose memory grows and shrinks.
node 0 1G cpus=0-1
node 1 0
distance 0 1 20
access 0 0 80 200G
access 0 1 250 32G
virtio-mem 1 2G 256M
# what grows has to be movable, or it cannot shrink
kernel memhp_default_state=online_movable
cases boot agree virtio-mem kubelet
