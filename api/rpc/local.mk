libslugapi_a_SOURCES += \
	%D%/base64.c %D%/base64.h \
	%D%/connect.c %D%/connect.h \
	%D%/dispatch.c %D%/dispatch.h \
	%D%/http1.c %D%/http1.h \
	%D%/http1-connection.c %D%/http1-connection.h \
	%D%/http1-request.c %D%/http1-request.h \
	%D%/json.h \
	%D%/json-decode.c \
	%D%/json-encode.c \
	%D%/json-field.c %D%/json-field.h \
	%D%/json-lex.c %D%/json-lex.h \
	%D%/json-number.c %D%/json-number.h \
	%D%/json-text.c %D%/json-text.h \
	%D%/json-value.c %D%/json-value.h \
	%D%/listener.c %D%/listener.h \
	%D%/method.c %D%/method.h \
	%D%/server.c %D%/server.h \
	%D%/socket-file.c %D%/socket-file.h \
	%D%/status.c %D%/status.h \
	%D%/utf8.c %D%/utf8.h
