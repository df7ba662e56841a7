"""A small load generator: requests made before, sent over connections that stay open, one at a time on each."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import msgspec

from dspace_core.testing.phone import Phone


class Answered(msgspec.Struct, frozen=True):
    """One answer, and how long it took in seconds."""

    status: int
    body: bytes
    seconds: float


class Offered(msgspec.Struct, frozen=True):
    """What came back, in its order, and how long all of it took in seconds."""

    answers: list[Answered]
    seconds: float

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.answers) / self.seconds


def request(phone: Phone, path: str, body: object, headers: Mapping[str, str] | None = None) -> bytes:
    """A POST with its proof, in the bytes that go out. The proof is good for a minute from now."""
    url = f"{phone.base}{path}"
    proof = phone.device.proof("POST", url, at=time.time(), nonce=phone.nonce, token=phone.access_token)
    content = msgspec.json.encode(body)
    lines = {
        "Host": urlsplit(url).netloc,
        "Authorization": f"DPoP {phone.access_token}",
        "DPoP": proof,
        "Content-Type": "application/json",
        "Content-Length": str(len(content)),
        **(headers or {}),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + content


async def offer(port: int, requests: Sequence[bytes], connections: int, seconds: float = 3600.0) -> Offered:
    """Send what was made, in its order, until all is answered or the time is over."""
    lines = [await asyncio.open_connection("127.0.0.1", port) for _ in range(connections)]
    waiting = iter(requests)
    answers: list[Answered] = []
    start = time.perf_counter()

    async def caller(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for sent in waiting:
            if (begun := time.perf_counter()) > start + seconds:
                return
            writer.write(sent)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            body = await reader.readexactly(length)
            answers.append(Answered(int(head[9:12]), body, time.perf_counter() - begun))

    try:
        await asyncio.gather(*(caller(*line) for line in lines))
        return Offered(answers, time.perf_counter() - start)
    finally:
        for _, writer in lines:
            writer.close()
