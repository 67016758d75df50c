# Pods of a real kubelet that has no API server. Run only when it is named, and with SLUG_KUBELET=FILE, a static kubelet.
like numa
kernel slug.driver=systemd
cases kubelet-real
