"""Calls the server of the benchmark through `token-throttle`: python3 -c .. KIND HOST PORT CALLERS SECONDS REQUESTS TOKENS.

Prints the numbers of calls and of failed ones. The package has no retry of its own: a refused call waits as long as the
server says, five times at most, as the other contenders do.
"""

import asyncio
import json
import random
import sys
import time

from token_throttle import MemoryBackendBuilder, PerModelConfig, Quota, RateLimiter, UsageQuotas

KIND, HOST, PORT, CALLERS, SECONDS, REQUESTS, TOKENS = sys.argv[1:]
MAX_OUTPUT, TYPICAL, RETRIES = 400, 150, 5


class Connection:
    """One connection, kept open."""

    def __init__(self):
        self.reader = self.writer = None

    async def get(self, query):
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(HOST, int(PORT))
        self.writer.write(f"GET /?{query} HTTP/1.1\r\nhost: {HOST}\r\n\r\n".encode())
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
        body = await self.reader.readexactly(int(fields.get("content-length", 0)))
        return int(head[0].split()[1]), fields, body


def prompt(rng):
    answer = 20 + min(rng.randrange(450) for _ in range(3))
    return 100 + rng.randrange(401), min(answer, MAX_OUTPUT)


def cost(size):
    return {"start": max(size, MAX_OUTPUT), "reserve": size + MAX_OUTPUT, "end": size + TYPICAL}[KIND]


async def call(limiter, connection, size, answer):
    """Whether it succeeded in the end."""
    query = f"input={size}&max_output={MAX_OUTPUT}&output={answer}"
    estimate = {"requests": 1, "tokens": cost(size)}
    for _ in range(RETRIES + 1):
        async with limiter.reserve(estimate, model="model") as handle:
            status, fields, body = await connection.get(query)
            used = dict(estimate)
            if status == 429:
                used["tokens"] = 0
            elif KIND != "start":
                used["tokens"] = json.loads(body)["usage"]["total_tokens"]
            handle.set_actual_usage(used)
        if status == 200:
            return True
        await asyncio.sleep(int(fields["retry-after-ms"]) / 1000)
    return False


async def main():
    quotas = [
        Quota(metric="requests", limit=int(REQUESTS), per_seconds=1),
        Quota(metric="tokens", limit=int(TOKENS), per_seconds=1),
    ]
    limiter = RateLimiter(PerModelConfig(quotas=UsageQuotas(quotas)), backend=MemoryBackendBuilder())
    begun, outcomes = time.monotonic(), []

    async def caller(series):
        rng, connection = random.Random(series), Connection()
        while time.monotonic() - begun < float(SECONDS):
            outcomes.append(await call(limiter, connection, *prompt(rng)))

    await asyncio.gather(*(caller(series) for series in range(int(CALLERS))))
    print(len(outcomes), outcomes.count(False))


asyncio.run(main())
