# Stock clients, and what runs them: ./bootstrap check-peers.
EXTRA_DIST += %D%/check.sh %D%/clients.sh %D%/say.sh %D%/curl.sh %D%/buf-curl.sh %D%/grpc_python.py \
	%D%/proto/grpc/health/v1/health.proto \
	%D%/node/package.json %D%/node/package-lock.json %D%/node/check.mjs %D%/node/grpc-js.mjs %D%/node/connect-node.mjs \
	%D%/go/go.mod %D%/go/go.sum %D%/go/kubelet-dial/main.go \
	%D%/go/kubelet-dial/calls.go %D%/go/kubelet-dial/dial.go %D%/go/kubelet-dial/frames.go %D%/go/kubelet-dial/messages.go
