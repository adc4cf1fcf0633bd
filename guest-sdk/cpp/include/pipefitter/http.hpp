/// HTTP requests. The manifest has to ask: `network = [{ to = "https://api.example.com", reason = "..." }]` in
/// `[capabilities]`. A plugin that does not call `http::send` does not import wasi:http.
#ifndef PIPEFITTER_HTTP_HPP
#define PIPEFITTER_HTTP_HPP

#include <string>
#include <utility>
#include <vector>

#include "failure.hpp"
#include "files.hpp"

namespace pipefitter::http {

/// A request.
struct Request {
    std::string url;
    std::string method = "GET";
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string body = {};
    /// The most that the response's body may have.
    std::size_t most = 16 * 1024 * 1024;
};

/// What came back. Any status is an answer: a 404 is no failure.
struct Response {
    unsigned status;
    /// Names in lower case.
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
};

/// Makes a request and waits for all of the answer. Redirects are not followed. A permission error where the address
/// is not granted, `system_unavailable` where no answer came.
inline Result<Response> send(const Request &request) {
    std::vector<pf_pair> headers;
    for (const auto &[name, value] : request.headers) headers.push_back({name.c_str(), value.c_str(), value.size()});
    pf_http_request wanted = {
        .method = request.method.c_str(),
        .url = request.url.c_str(),
        .headers = headers.data(),
        .header_count = headers.size(),
        .body = request.body.data(),
        .body_size = request.body.size(),
        .most = request.most,
    };
    pf_http_response answer;
    if (!pf_http(&wanted, &answer)) return Failure::taken();
    Response response{answer.status, {}, detail::taken(answer.body)};
    for (std::size_t i = 0; i < answer.header_count; i++) {
        const pf_pair &header = answer.headers[i];
        response.headers.emplace_back(header.name, std::string(header.value, header.value_size));
    }
    return response;
}

} // namespace pipefitter::http

#endif
