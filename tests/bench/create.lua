-- wrk: every request creates a project of its own.
local n = 0
local base = os.time() .. "-" .. tostring({}):sub(8)
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
request = function()
    n = n + 1
    return wrk.format(nil, nil, nil,
        '{"name":"bench ' .. base .. "-" .. n .. '","repository_url":"https://bench.test/x.git"}')
end
