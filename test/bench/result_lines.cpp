// Reads a batch's result file as the batch manager does, up to what it stores of a
// line, or with nlohmann/json alone. One thread; the file is read in the pieces in
// which a download comes.
//
//   result_lines write FILE ANSWERS BYTES    a file of so many answers, so many bytes in all
//   result_lines read FILE                   seconds, lines, megabytes of memory over idle
//   result_lines parse FILE                  the same with the parser alone
//
// Each reading is a process of its own, so that peaks of memory do not mix.

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "openai/batch_file.h"
#include "openai/bodies.h"

namespace {

using kg_batch::openai::Json;

constexpr std::size_t piece_size = 16'384;  // curl's

// An answer as a model writes one: JSON text within JSON text, some of it not ASCII.
std::string content_of(int number, std::size_t size) {
  std::string content = R"({"facts":[)";
  for (int i = 0; content.size() + 200 < size || i == 0; ++i)
    content += std::string(i == 0 ? "" : ",") + R"({"id":)" + std::to_string(i + 1) +
               R"(,"text":"Zoë told \"everybody\" that number )" + std::to_string(number + i) +
               R"( was hers.","evidence":[{"sentence":)" + std::to_string(i + 1) + R"(,"quote":"it’s mine"}]})";
  return content + R"(],"things":[],"statements":[]})";
}

std::string line_of(int number, std::size_t size) {
  Json line;
  line["id"] = "batch_req_" + std::to_string(number);
  line["custom_id"] = std::to_string(1'000'000'000 + number);
  line["response"] = {{"status_code", 200}, {"request_id", "req_" + std::to_string(number)}};
  Json& body = line["response"]["body"];
  body = {{"id", "chatcmpl-" + std::to_string(number)}, {"object", "chat.completion"}, {"created", 1'700'000'000}, {"model", "gpt-6-luna"}};
  const std::size_t around = 700;  // what is not content
  body["choices"] = Json::array({{{"index", 0},
                                  {"message", {{"role", "assistant"}, {"content", content_of(number, size > around ? size - around : 0)}, {"refusal", nullptr}}},
                                  {"finish_reason", "stop"}}});
  body["usage"] = {{"prompt_tokens", 2000}, {"completion_tokens", 900}, {"total_tokens", 2900},
                   {"prompt_tokens_details", {{"cached_tokens", 1024}}}, {"completion_tokens_details", {{"reasoning_tokens", 0}}}};
  line["error"] = nullptr;
  return line.dump() + "\n";
}

int write(const char* name, int answers, std::size_t bytes) {
  std::ofstream file(name, std::ios::binary);
  for (int i = 0; i < answers; ++i) file << line_of(i, bytes / static_cast<std::size_t>(answers));
  return file.good() ? 0 : 1;
}

template <class OnPiece>
void in_pieces(const char* name, OnPiece on_piece) {
  std::ifstream file(name, std::ios::binary);
  std::vector<char> piece(piece_size);
  while (file.read(piece.data(), piece_size), file.gcount() > 0)
    on_piece(std::string_view(piece.data(), static_cast<std::size_t>(file.gcount())));
}

double peak_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

int measure(const char* name, bool alone) {
  const double idle = peak_mb();
  std::size_t lines = 0, without_answer = 0;
  const auto on_line = [&](std::optional<std::string_view> line) {
    if (!line || line->empty()) return;
    ++lines;
    if (alone) {
      if (!Json::parse(*line).contains("custom_id")) ++without_answer;
      return;
    }
    const auto read = kg_batch::openai::read_batch_line(*line);
    if (!std::holds_alternative<kg_batch::openai::ChatAnswer>(read.result) || read.custom_id.empty()) ++without_answer;
  };
  const auto began = std::chrono::steady_clock::now();
  if (alone) {
    std::ifstream file(name, std::ios::binary);
    for (std::string line; std::getline(file, line);) on_line(std::string_view(line));
  } else {
    kg_batch::openai::LineSplitter splitter;
    in_pieces(name, [&](std::string_view piece) { splitter.feed(piece, on_line); });
    splitter.finish(on_line);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::cout << took.count() << ' ' << lines << ' ' << peak_mb() - idle << '\n';
  return lines > 0 && without_answer == 0 ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string verb = count > 1 ? arguments[1] : "";
  if (verb == "write" && count == 5) return write(arguments[2], std::stoi(arguments[3]), std::stoul(arguments[4]));
  if ((verb == "read" || verb == "parse") && count == 3) return measure(arguments[2], verb == "parse");
  std::cerr << "usage: result_lines write FILE ANSWERS BYTES | read FILE | parse FILE\n";
  return 2;
}
