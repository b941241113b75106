"""An HTTP endpoint in the test's own process: keeps what is posted to it, answers as it is told."""
import http.server
import queue
import threading


class Webhook:
    """answers: status codes to give, the last one for ever."""

    def __init__(self, *answers, port=0):
        self.posts = queue.Queue()
        self.answers = list(answers) or [200]
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                code = hook.answers.pop(0) if len(hook.answers) > 1 else hook.answers[0]
                hook.posts.put((self.path, dict(self.headers), body.decode()))
                self.send_response(code)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def next(self, timeout=20):
        """(path, headers, body) of the next post."""
        return self.posts.get(timeout=timeout)
