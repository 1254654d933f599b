-- Sign-ins of unknown addresses with a wrong password; each connection pauses for 1.2 s or so, never
-- in step with the others, so that 600 of them send 500 a second.
local n, thread = 0, 0
function setup(t) thread = thread + 1; t:set("me", thread) end
function request()
    n = n + 1
    local body = string.format('{"email":"bogus%d.%d@example.com","password":"wrong password"}', me, n)
    return wrk.format("POST", nil, {["Content-Type"] = "application/json"}, body)
end
function delay() return math.random(0, 2400) end
local codes = {}
function response(status) codes[status] = (codes[status] or 0) + 1 end
