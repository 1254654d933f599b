-- wrk script. Behind `--` stands what to send:
--   get [TOKEN]               GET of the address, as the caller of TOKEN
--   each TOKENS               the same, each as the next caller of the file TOKENS, over and over
--   guests FILE               new guests; their tokens go to FILE.1, FILE.2, ... one a thread
--   checkout TOKENS PREFIX    POST /v1/checkout, each as the next caller of the file TOKENS, under
--                             a key of its own that begins with PREFIX
-- The last line of the output is a JSON object: what was sent, for how long, and what came back.
local threads = {}

function setup(thread)
    table.insert(threads, thread)
    thread:set("number", #threads)
    for _, name in ipairs({"created", "refused", "short"}) do
        thread:set(name, 0)
    end
end

local function count(status)
    if status == 201 then
        created = created + 1
    else
        refused = refused + 1
    end
end

local function guests(file)
    local out = assert(io.open(file .. "." .. number, "w"))
    wrk.method = "POST"
    response = function(status, _, body)
        count(status)
        out:write(body:match('"access_token":"([^"]+)"'), "\n")
        out:flush()
    end
end

-- Two threads: one takes the odd lines, the other the even ones.
local function tokens_of(file)
    local mine, n = {}, 0
    for token in io.lines(file) do
        n = n + 1
        if n % 2 == number % 2 then
            table.insert(mine, token)
        end
    end
    return mine
end

local function each(file)
    local tokens, n = tokens_of(file), 0
    request = function()
        n = n % #tokens + 1
        return wrk.format("GET", nil, {["Authorization"] = "Bearer " .. tokens[n]})
    end
end

local function checkout(file, prefix)
    local tokens, n = tokens_of(file), 0
    local body = '{"email":"guest@example.com","payment":{"provider":"sandbox","token":"tok_ok"}}'
    request = function()
        n = n + 1
        if n > #tokens then
            short = short + 1
            return wrk.format("GET", "/api/v1/healthz")
        end
        return wrk.format("POST", nil, {
            ["Authorization"] = "Bearer " .. tokens[n],
            ["Content-Type"] = "application/json",
            ["Idempotency-Key"] = prefix .. "-" .. number .. "-" .. n,
        }, body)
    end
    response = count
end

function init(args)
    if args[1] == "guests" then
        guests(args[2])
    elseif args[1] == "each" then
        each(args[2])
    elseif args[1] == "checkout" then
        checkout(args[2], args[3])
    elseif args[2] then
        wrk.headers["Authorization"] = "Bearer " .. args[2]
    end
end

local function sum(name)
    local total = 0
    for _, thread in ipairs(threads) do
        total = total + thread:get(name)
    end
    return total
end

function done(summary, latency)
    local e = summary.errors
    io.write(string.format(
        '{"requests":%d,"seconds":%.6f,"p50_us":%d,"p99_us":%d,"status":%d,"socket":%d,' ..
        '"created":%d,"refused":%d,"short":%d}\n',
        summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
        e.status, e.connect + e.read + e.write + e.timeout,
        sum("created"), sum("refused"), sum("short")))
end
