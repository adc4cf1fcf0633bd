package wasihttp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	outgoing "pipefitter/internal/bindings/wasi_http_outgoing_handler"
	types "pipefitter/internal/bindings/wasi_http_types"
	streams "pipefitter/internal/bindings/wasi_io_streams"
	memory "pipefitter/internal/wit/runtime"
	wit "pipefitter/internal/wit/types"
)

// What is read or written at once.
const piece = 64 << 10

func init() { http.DefaultTransport = Transport{} }

func roundTrip(request *http.Request) (*http.Response, error) {
	var content io.Reader
	if request.Body != nil {
		defer request.Body.Close()
		if request.Body != http.NoBody {
			content = request.Body
		}
	}
	if request.URL == nil || request.URL.Host == "" {
		return nil, errors.New("the request's URL has no host")
	}
	head, err := headOf(request, content != nil)
	if err != nil {
		return nil, err
	}
	body := head.Body().Ok()
	handled := outgoing.Handle(head, wit.None[*types.RequestOptions]())
	if handled.IsErr() {
		body.Drop()
		return nil, failed(handled.Err())
	}
	future := handled.Ok()
	defer future.Drop()
	if err := send(request.Context(), content, body); err != nil {
		return nil, err
	}
	if err := await(request.Context(), future.Subscribe()); err != nil {
		return nil, err
	}
	// Ready, and asked for once: both outer layers are there.
	answer := future.Get().Some().Ok()
	if answer.IsErr() {
		return nil, failed(answer.Err())
	}
	return responseOf(request, answer.Ok()), nil
}

func headOf(request *http.Request, hasBody bool) (*types.OutgoingRequest, error) {
	fields := types.MakeFields()
	for name, values := range headersOf(request, hasBody) {
		for _, value := range values {
			added := fields.Append(name, []byte(value))
			if !added.IsErr() {
				continue
			}
			fields.Drop()
			if reason := added.Err(); reason.Tag() == types.HeaderError_Forbidden {
				return nil, fmt.Errorf("the header `%s` is the worker's to write: leave it out", name)
			}
			return nil, fmt.Errorf("the header `%s` has a name or value that HTTP does not allow", name)
		}
	}
	made := types.MakeOutgoingRequest(fields)
	authority := request.Host
	if authority == "" {
		authority = request.URL.Host
	}
	refused := ""
	switch {
	case made.SetMethod(methodOf(request.Method)).IsErr():
		refused = "method"
	case made.SetScheme(wit.Some(schemeOf(request.URL.Scheme))).IsErr():
		refused = "scheme"
	case made.SetAuthority(wit.Some(authority)).IsErr():
		refused = "host"
	case made.SetPathWithQuery(wit.Some(request.URL.RequestURI())).IsErr():
		refused = "path"
	}
	if refused != "" {
		made.Drop()
		return nil, fmt.Errorf("the request's %s is not one that HTTP allows", refused)
	}
	return made, nil
}

func headersOf(request *http.Request, hasBody bool) http.Header {
	headers := request.Header.Clone()
	if headers == nil {
		headers = http.Header{}
	}
	// Some servers refuse requests without one; an empty one means none, as for net/http.
	switch agent, given := headers["User-Agent"]; {
	case !given:
		headers.Set("User-Agent", "pipefitter")
	case len(agent) == 0 || agent[0] == "":
		headers.Del("User-Agent")
	}
	switch {
	case hasBody && request.ContentLength > 0:
		headers.Set("Content-Length", strconv.FormatInt(request.ContentLength, 10))
	case !hasBody && (request.Method == http.MethodPost || request.Method == http.MethodPut):
		headers.Set("Content-Length", "0")
	}
	return headers
}

func methodOf(method string) types.Method {
	switch method {
	case "", http.MethodGet:
		return types.MakeMethodGet()
	case http.MethodHead:
		return types.MakeMethodHead()
	case http.MethodPost:
		return types.MakeMethodPost()
	case http.MethodPut:
		return types.MakeMethodPut()
	case http.MethodDelete:
		return types.MakeMethodDelete()
	case http.MethodOptions:
		return types.MakeMethodOptions()
	case http.MethodPatch:
		return types.MakeMethodPatch()
	default:
		return types.MakeMethodOther(method)
	}
}

func schemeOf(scheme string) types.Scheme {
	switch strings.ToLower(scheme) {
	case "http":
		return types.MakeSchemeHttp()
	case "https":
		return types.MakeSchemeHttps()
	default:
		return types.MakeSchemeOther(scheme)
	}
}

// send writes a body and ends it. A server that answers without reading all of it is no error: its answer is.
func send(ctx context.Context, from io.Reader, body *types.OutgoingBody) error {
	stream := body.Write().Ok()
	if from != nil {
		buffer := make([]byte, piece)
		for {
			read, err := from.Read(buffer)
			open, sent := write(ctx, stream, buffer[:read])
			if err == io.EOF && sent == nil {
				break
			}
			if err = errors.Join(ignoreEnd(err), sent); err != nil {
				stream.Drop()
				body.Drop()
				return err
			}
			if !open {
				stream.Drop()
				body.Drop()
				return nil
			}
		}
	}
	stream.Drop()
	if ended := types.OutgoingBodyFinish(body, wit.None[*types.Fields]()); ended.IsErr() {
		return failed(ended.Err())
	}
	return nil
}

func ignoreEnd(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// write writes all of some bytes, and says whether more can be written.
func write(ctx context.Context, stream *streams.OutputStream, bytes []byte) (bool, error) {
	for len(bytes) > 0 {
		room := stream.CheckWrite()
		if room.IsErr() {
			dropError(room.Err())
			return false, nil
		}
		fits := min(int(min(room.Ok(), piece)), len(bytes))
		if fits == 0 {
			if err := await(ctx, stream.Subscribe()); err != nil {
				return false, err
			}
			continue
		}
		if written := stream.Write(bytes[:fits]); written.IsErr() {
			dropError(written.Err())
			return false, nil
		}
		bytes = bytes[fits:]
	}
	if flushed := stream.Flush(); flushed.IsErr() {
		dropError(flushed.Err())
		return false, nil
	}
	return true, nil
}

func dropError(err streams.StreamError) {
	if err.Tag() == streams.StreamError_LastOperationFailed {
		err.LastOperationFailed().Drop()
	}
}

func responseOf(request *http.Request, incoming *types.IncomingResponse) *http.Response {
	status := int(incoming.Status())
	fields := incoming.Headers()
	header := http.Header{}
	for _, entry := range fields.Entries() {
		header.Add(entry.F0, string(entry.F1))
	}
	fields.Drop()
	length := int64(-1)
	if told, err := strconv.ParseInt(header.Get("Content-Length"), 10, 64); err == nil {
		length = told
	}
	body := incoming.Consume().Ok()
	incoming.Drop()
	reader := &reader{ctx: request.Context(), body: body, stream: body.Stream().Ok()}
	memory.Unpin()
	return &http.Response{
		Status:        fmt.Sprintf("%d %s", status, http.StatusText(status)),
		StatusCode:    status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        header,
		Body:          reader,
		ContentLength: length,
		Request:       request,
	}
}

type reader struct {
	ctx    context.Context
	body   *types.IncomingBody
	stream *streams.InputStream
	ended  error
}

func (reader *reader) Read(into []byte) (int, error) {
	if len(into) == 0 {
		return 0, nil
	}
	for reader.ended == nil {
		result := reader.stream.Read(uint64(min(len(into), piece)))
		if result.IsErr() {
			reader.end(ending(result.Err()))
			break
		}
		if read := copy(into, result.Ok()); read > 0 {
			// What the host put into our memory is held until it is told that nobody needs it.
			memory.Unpin()
			return read, nil
		}
		if err := await(reader.ctx, reader.stream.Subscribe()); err != nil {
			reader.end(err)
		}
	}
	return 0, reader.ended
}

func (reader *reader) Close() error {
	reader.end(errors.New("the body was closed before"))
	return nil
}

// A stream is its body's child: it goes first.
func (reader *reader) end(why error) {
	if reader.ended == nil {
		reader.ended = why
		reader.stream.Drop()
		reader.body.Drop()
	}
}

func ending(err streams.StreamError) error {
	if err.Tag() == streams.StreamError_Closed {
		return io.EOF
	}
	why := err.LastOperationFailed()
	defer why.Drop()
	if code := types.HttpErrorCode(why); code.IsSome() {
		return failed(code.Some())
	}
	return errors.New(why.ToDebugString())
}
