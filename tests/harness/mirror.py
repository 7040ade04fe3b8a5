"""A web server on loopback that shows a folder, and what somebody between would rather have shown."""

import http.server
import os
import threading


class Mirror:
    """Serves the files of a folder; `instead` has other octets for some paths, None where there shall be nothing; `elsewhere` the
    URL that others are sent to; `before_answer` is called with each path."""

    def __init__(self, folder):
        self.folder = folder
        self.instead = {}
        self.elsewhere = {}
        self.requests = []
        self.before_answer = lambda path: None
        mirror = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                mirror.requests.append(self.path)
                mirror.before_answer(self.path)
                content = mirror.content(self.path)
                if elsewhere := mirror.elsewhere.get(self.path):
                    self.send_response(302)
                    self.send_header("Location", elsewhere)
                else:
                    self.send_response(404 if content is None else 200)
                self.end_headers()
                try:
                    self.wfile.write(content or b"")
                except ConnectionError:
                    pass  # who has enough goes

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def content(self, path):
        if path in self.instead:
            return self.instead[path]
        try:
            with open(os.path.join(self.folder, path.lstrip("/")), "rb") as file:
                return file.read()
        except OSError:
            return None

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
