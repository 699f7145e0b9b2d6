// The official SDK, unmodified: what works against OpenAI must work here.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import OpenAI from "openai";

const { TOLLGATE_URL: url, TOLLGATE_MASTER_KEY: masterKey, TOLLGATE_MOCK_URL: mockUrl } = process.env;
const messages = [{ role: "user", content: "Count to sixteen." }];
const sixteen = Array.from({ length: 16 }, (_, index) => `${index + 1} `).join("");
const tools = [
  {
    type: "function",
    function: { name: "get_weather", parameters: { type: "object", properties: { city: { type: "string" } } } },
  },
];

async function manage(path, body) {
  const answer = await fetch(url + path, {
    method: "POST",
    headers: { authorization: `Bearer ${masterKey}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  assert.equal(answer.status, 200, await answer.clone().text());
  return answer.json();
}

const newKey = async (fields = {}) => (await manage("/key/generate", fields)).key;
const sdk = (apiKey) => new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0, timeout: 30_000 });
const lastRequest = async () => (await (await fetch(`${mockUrl}/__mock/requests`)).json()).at(-1);

let client;
before(async () => {
  client = sdk(await newKey());
});

describe("calls", () => {
  test("chat", async () => {
    const { data, response } = await client.chat.completions.create({ model: "gpt-4o", messages }).withResponse();
    assert.equal(data.choices[0].message.content, sixteen);
    assert.equal(data.usage.total_tokens, 26);
    assert.ok(Number(response.headers.get("x-tollgate-response-cost")) > 0);
  });

  for (const includeUsage of [false, true]) {
    test(`stream ${includeUsage ? "with" : "without"} usage`, async () => {
      const options = includeUsage ? { stream_options: { include_usage: true } } : {};
      const stream = await client.chat.completions.create({ model: "gpt-4o", messages, stream: true, ...options });
      let text = "";
      let usage = null;
      for await (const chunk of stream) {
        text += chunk.choices[0]?.delta.content ?? "";
        usage = chunk.usage ?? usage;
      }
      assert.equal(text, sixteen);
      assert.equal(usage?.completion_tokens, includeUsage ? 16 : undefined);
    });
  }

  test("tools", async () => {
    const answer = await client.chat.completions.create({ model: "gpt-4o", messages, tools });
    const call = answer.choices[0].message.tool_calls[0];
    assert.equal(call.function.name, "get_weather");
    assert.deepEqual(JSON.parse(call.function.arguments), { city: "Paris" });
  });

  test("tools in a stream", async () => {
    const answer = await client.chat.completions.stream({ model: "gpt-4o", messages, tools }).finalChatCompletion();
    const call = answer.choices[0].message.tool_calls[0];
    assert.equal(call.function.name, "get_weather");
    assert.deepEqual(JSON.parse(call.function.arguments), { city: "Paris" });
  });

  test("vision", async () => {
    const content = [
      { type: "text", text: "What is this?" },
      { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } },
    ];
    const answer = await client.chat.completions.create({ model: "gpt-4o", messages: [{ role: "user", content }] });
    assert.equal(answer.usage.prompt_tokens, 110);
    assert.deepEqual(JSON.parse((await lastRequest()).body).messages[0].content, content);
  });

  test("embeddings", async () => {
    const model = "text-embedding-3-small";
    for (const options of [{}, { encoding_format: "float" }]) {
      const answer = await client.embeddings.create({ model, input: ["a", "b"], ...options });
      assert.equal(answer.data.length, 2);
      assert.deepEqual(Array.from(answer.data[1].embedding).slice(0, 2), [2, 1]);
    }
  });

  test("completions", async () => {
    const answer = await client.completions.create({ model: "gpt-3.5-turbo-instruct", prompt: "Count." });
    assert.equal(answer.choices[0].text, sixteen);
  });

  test("models", async () => {
    const names = (await client.models.list()).data.map((model) => model.id);
    assert.ok(names.includes("gpt-4o"));
    assert.equal((await client.models.retrieve("gpt-4o")).id, "gpt-4o");
  });
});

describe("errors", () => {
  const chat = (who, model = "gpt-4o") => who.chat.completions.create({ model, messages });

  test("wrong key", () => assert.rejects(chat(sdk("sk-this-key-was-never-made")), OpenAI.AuthenticationError));

  test("blocked key", async () => {
    const key = await newKey();
    await chat(sdk(key));
    await manage("/key/block", { key });
    await assert.rejects(chat(sdk(key)), OpenAI.AuthenticationError);
  });

  test("unknown model", () => assert.rejects(chat(client, "no-such-model"), OpenAI.BadRequestError));

  test("a model that the key may not call", async () => {
    await assert.rejects(chat(sdk(await newKey({ models: ["text-embedding-3-small"] }))), OpenAI.PermissionDeniedError);
  });

  for (const [status, type] of [
    [429, OpenAI.RateLimitError],
    [500, OpenAI.InternalServerError],
  ]) {
    test(`${status} from the provider`, () => assert.rejects(chat(client, `mock-status-${status}`), type));
  }

  for (const model of ["mock-cut-after-3", "mock-error-after-3"]) {
    test(`${model} in a stream`, async () => {
      let text = "";
      await assert.rejects(async () => {
        const stream = await client.chat.completions.create({ model, messages, stream: true });
        for await (const chunk of stream) {
          text += chunk.choices[0]?.delta.content ?? "";
        }
      }, OpenAI.APIError);
      assert.equal(text, "1 2 3 ");
    });
  }
});
