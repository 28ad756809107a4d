-- Sends the requests of a file one after another, again and again, and ends with one line of JSON.
-- BENCH_REQUESTS names the file: each request as its length, a line break and its bytes.
local requests, at = {}, 0

function init()
    local file = assert(io.open(os.getenv("BENCH_REQUESTS"), "rb"))
    while true do
        local length = file:read("*n")
        if not length then break end
        file:read(1)
        requests[#requests + 1] = file:read(length)
    end
end

function request()
    at = at % #requests + 1
    return requests[at]
end

function done(summary, latency)
    local e = summary.errors
    io.write(string.format(
        '\n{"requests":%d,"seconds":%f,"p50":%f,"p90":%f,"p95":%f,"p99":%f,"max":%f,"errors":%d}\n',
        summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(90) / 1e3,
        latency:percentile(95) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3,
        e.connect + e.read + e.write + e.status + e.timeout))
end
