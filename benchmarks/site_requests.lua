-- What a website's visitors send, and its staff: one of script, again, decision, hit, visits, consents, echo, or hits of
-- many different kinds (day); the first
-- argument says which. Then come the site's origin, the script's tag, a token for the statistics, and the milliseconds
-- for which each connection waits before each request.
local browser = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
local pages = { "/", "/article", "/article/2", "/about", "/contact" }
local hosts = { "https://www.google.com/", "https://www.bing.com/", "https://news.example/", "" }
-- A number in letters: digits would be hidden.
local function letters(number)
  local found = ""
  repeat
    found = string.char(97 + number % 20) .. found
    number = math.floor(number / 20)
  until number == 0
  return found
end

local kind, origin, tag, pause, sent, headers, staff

-- Each thread makes ids of its own.
local threads = 0
function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(arguments)
  kind, origin, tag, pause = arguments[1], arguments[2], arguments[3], tonumber(arguments[5])
  sent = 0
  headers = { ["Origin"] = origin, ["User-Agent"] = browser, ["Content-Type"] = "text/plain" }
  staff = { ["Authorization"] = "Bearer " .. arguments[4] }
  math.randomseed(os.time() + number)
  if pause > 0 then
    -- Not all connections at the same moment.
    delay = function() return math.floor(pause * (0.5 + math.random()) + 0.5) end
  end
end

-- UUIDv7, as browsers make them: the time first.
local function uuid()
  local time = string.format("%012x", os.time() * 1000 + sent % 1000)
  return string.format("%s-%s-7%03x-8%03x-%02x%04x%06x", time:sub(1, 8), time:sub(9), math.random(0, 4095),
    math.random(0, 4095), number, math.random(0, 65535), sent)
end

local function statistics(what, by)
  return wrk.format("GET", "/api/v1/sites/bench/stats/" .. what .. "?by=" .. by, staff)
end

local make = {
  script = function() return wrk.format("GET", "/e/bench.js", { ["Accept-Encoding"] = "br" }) end,
  again = function()
    return wrk.format("GET", "/e/bench.js", { ["Accept-Encoding"] = "br", ["If-None-Match"] = tag })
  end,
  decision = function()
    return wrk.format("POST", "/e/bench/decisions", headers, '{"id":"' .. uuid() .. '","version":1,"language":"nb",'
      .. '"action":"refuse","source":"banner","purposes":{},"services":{},"gpc":false,"dnt":false}')
  end,
  hit = function()
    local page, from = pages[math.random(#pages)], sent % 2 == 0 and origin .. "/" or "https://www.google.com/"
    return wrk.format("POST", "/e/bench/hits", headers, '{"path":"' .. page .. '","referrer":"' .. from .. '"}')
  end,
  day = function()
    -- Few pages are viewed often, and many seldom: more than a day counts by name.
    local page = "/page/" .. letters(math.floor(5000 * math.random() ^ 3))
    local from = math.random(3) > 1 and origin .. pages[math.random(#pages)] or hosts[math.random(#hosts)]
    return wrk.format("POST", "/e/bench/hits", headers, '{"path":"' .. page .. '","referrer":"' .. from .. '"}')
  end,
  visits = function() return statistics("visits", "page") end,
  consents = function() return statistics("consents", "day") end,
  echo = function()
    return wrk.format("POST", "/echo", { ["Content-Type"] = "application/json" }, '{"a":1,"b":[1,2,3],"c":"hello"}')
  end,
}

function request()
  sent = sent + 1
  return make[kind]()
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("RESULT %d %f %f %f %d\n", summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
