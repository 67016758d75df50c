libslugapi_a_SOURCES += \
	%D%/base64.c %D%/base64.h \
	%D%/call.c %D%/call.h \
	%D%/client.c %D%/client.h \
	%D%/client-call.c %D%/client-call.h \
	%D%/client-connection.c %D%/client-connection.h \
	%D%/codec.c %D%/codec.h \
	%D%/connect.c %D%/connect.h \
	%D%/connect-error.c %D%/connect-error.h \
	%D%/connect-stream.c \
	%D%/connection.c %D%/connection.h \
	%D%/envelope.c %D%/envelope.h \
	%D%/enveloped.c %D%/enveloped.h \
	%D%/exchange.c %D%/exchange.h \
	%D%/grpc.c %D%/grpc.h \
	%D%/health.c %D%/health.h \
	%D%/http-refusal.c %D%/http-refusal.h \
	%D%/http1.c %D%/http1.h \
	%D%/http1-connection.c %D%/http1-connection.h \
	%D%/http1-request.c %D%/http1-request.h \
	%D%/http2.c %D%/http2.h \
	%D%/http2-io.c %D%/http2-io.h \
	%D%/http2-stream.c %D%/http2-stream.h \
	%D%/json.h \
	%D%/json-any.c %D%/json-any.h \
	%D%/json-decode.c \
	%D%/json-encode.c \
	%D%/json-field.c %D%/json-field.h \
	%D%/json-lex.c %D%/json-lex.h \
	%D%/json-number.c %D%/json-number.h \
	%D%/json-text.c %D%/json-text.h \
	%D%/json-value.c %D%/json-value.h \
	%D%/limits.h \
	%D%/loop.c %D%/loop.h \
	%D%/listener.c %D%/listener.h \
	%D%/metadata.c %D%/metadata.h \
	%D%/method.c %D%/method.h \
	%D%/page.c \
	%D%/peer.c %D%/peer.h \
	%D%/percent.c %D%/percent.h \
	%D%/reflection.c %D%/reflection.h \
	%D%/serving.c %D%/serving.h \
	%D%/server.c %D%/server.h \
	%D%/socket-file.c %D%/socket-file.h \
	%D%/status.c %D%/status.h \
	%D%/timeout.c %D%/timeout.h \
	%D%/watchers.c %D%/watchers.h
