-- For wrk: posts one chat completion again and again, and prints the result as one line of JSON.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = [[{"model":"gpt-4o","messages":[{"role":"system","content":"You are a helpful assistant. Answer in one short sentence."},{"role":"user","content":"How many people may cross the bridge at the same time, and what is the toll for each of them?"}],"temperature":0.7,"max_tokens":256,"user":"bench"}]]

function init(args)
   wrk.headers["Authorization"] = "Bearer " .. args[1]
end

function done(summary, latency, requests)
   local e = summary.errors
   io.write(string.format(
      '{"calls":%d,"micros":%d,"p50":%d,"p99":%d,"bad_status":%d,"broken":%d}\n',
      summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
      e.status, e.connect + e.read + e.write + e.timeout))
end
