# Stock clients, and what runs them: ./bootstrap check-peers.
EXTRA_DIST += %D%/check.sh %D%/clients.sh %D%/memory-oracle.sh %D%/say.sh %D%/curl.sh %D%/buf-curl.sh %D%/grpc_python.py \
	%D%/proto/grpc/health/v1/health.proto \
	%D%/node/package.json %D%/node/package-lock.json %D%/node/check.mjs %D%/node/grpc-js.mjs %D%/node/connect-node.mjs \
	%D%/go/go.mod %D%/go/go.sum %D%/go/kubelet-dial/main.go \
	%D%/go/kubelet-dial/calls.go %D%/go/kubelet-dial/dial.go %D%/go/kubelet-dial/frames.go %D%/go/kubelet-dial/messages.go \
	%D%/go/memory-oracle/go.mod %D%/go/memory-oracle/go.sum %D%/go/memory-oracle/answer.go \
	%D%/go/memory-oracle/bench.go %D%/go/memory-oracle/case.go %D%/go/memory-oracle/counts.go \
	%D%/go/memory-oracle/kubelet.go %D%/go/memory-oracle/machine.go %D%/go/memory-oracle/main.go \
	%D%/go/memory-oracle/plant.go %D%/go/memory-oracle/play.go %D%/go/memory-oracle/pod.go \
	%D%/go/memory-oracle/podgen.go %D%/go/memory-oracle/sequence.go %D%/go/memory-oracle/slugd.go \
	%D%/go/memory-oracle/wire.go
