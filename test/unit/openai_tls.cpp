// To whom the key is shown: a server proves itself with a certificate that a trusted
// authority gave to the host that was asked for, before a byte of a request leaves.
// The server is that of the openssl program, which prints what it hears.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "openai/http.h"
#include "openai_server.h"

namespace kg_batch::openai {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Loop;

constexpr const char* key = "sk-test-of-tls";

// A program with its output, and an input that does not end before it does.
class Program {
 public:
  explicit Program(std::vector<std::string> words) {
    int input[2], output[2];
    if (pipe2(input, O_CLOEXEC) != 0 || pipe2(output, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input[0], 0);
    posix_spawn_file_actions_adddup2(&actions, output[1], 1);
    posix_spawn_file_actions_adddup2(&actions, output[1], 2);
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const int failed = posix_spawnp(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(input[0]);
    close(output[1]);
    input_ = input[1];
    output_ = output[0];
    if (failed != 0) throw std::runtime_error("\"" + words[0] + "\" does not start");
  }
  ~Program() {
    if (pid_ > 0) end();
    close(input_);
    close(output_);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // All that was printed, when one of these is in it or it has ended.
  const std::string& read_until(std::initializer_list<std::string_view> words) {
    const auto is_printed = [&](std::string_view one) { return printed_.find(one) != std::string::npos; };
    while (std::none_of(words.begin(), words.end(), is_printed) && read_some()) {
    }
    return printed_;
  }

  const std::string& read_line_with(std::string_view words) {
    for (read_until({words}); printed_.find('\n', std::min(printed_.find(words), printed_.size())) == std::string::npos && read_some();) {
    }
    return printed_;
  }

  void write(std::string_view words) const { EXPECT_EQ(::write(input_, words.data(), words.size()), static_cast<ssize_t>(words.size())); }

  // All that it ever printed.
  const std::string& end() {
    kill(pid_, SIGTERM);
    return wait_for_end();
  }
  const std::string& wait_for_end() {
    while (read_some()) {
    }
    int status;
    waitpid(pid_, &status, 0);
    pid_ = 0;
    return printed_;
  }

 private:
  // What prints nothing for so long prints no more.
  bool read_some() {
    pollfd printed{output_, POLLIN, 0};
    if (poll(&printed, 1, 60'000) <= 0) return false;
    char buffer[4096];
    const ssize_t got = read(output_, buffer, sizeof buffer);
    if (got > 0) printed_.append(buffer, static_cast<std::size_t>(got));
    return got > 0;
  }

  pid_t pid_ = 0;
  int input_ = -1, output_ = -1;
  std::string printed_;
};

// An authority, and certificates that it gave.
class OpenaiTls : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = std::filesystem::temp_directory_path() / "openai_tls.XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    openssl({"req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", file("authority.key"), "-out", authority(), "-days", "2", "-subj", "/CN=authority"});
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string file(const std::string& name) const { return folder_ / name; }
  std::string authority() const { return file("authority.pem"); }

  void certify(const std::string& host) {
    std::ofstream(file("names")) << "subjectAltName=DNS:" << host << "\n";
    openssl({"req", "-newkey", "rsa:2048", "-nodes", "-keyout", file("key"), "-out", file("wish"), "-subj", "/CN=" + host});
    openssl({"x509", "-req", "-in", file("wish"), "-CA", authority(), "-CAkey", file("authority.key"), "-CAcreateserial", "-days", "2", "-extfile", file("names"),
             "-out", file("certificate")});
  }

  // A server at "localhost" that has the certificate.
  std::unique_ptr<Program> serve(std::string& url) {
    auto server = std::make_unique<Program>(std::vector<std::string>{"openssl", "s_server", "-accept", "127.0.0.1:0", "-key", file("key"), "-cert", file("certificate")});
    const std::string before = "ACCEPT 127.0.0.1:";
    const std::string printed = server->read_line_with(before);
    const std::size_t at = printed.find(before);
    if (at == std::string::npos) throw std::runtime_error("openssl s_server: " + printed);
    url = "https://localhost:" + std::to_string(std::stoi(printed.substr(at + before.size()))) + "/v1/models";
    return server;
  }

  Http::Options trusting() const {
    Http::Options options;
    options.ca_file = authority();
    return options;
  }

  static HttpRequest with_key(const std::string& url) {
    HttpRequest request;
    request.url = url;
    request.headers.push_back(std::string("Authorization: Bearer ") + key);
    request.timeout_ms = 30'000;
    return request;
  }

 private:
  static void openssl(std::vector<std::string> words) {
    words.insert(words.begin(), "openssl");
    Program program(std::move(words));
    program.wait_for_end();
  }

  std::filesystem::path folder_;
};

// The control of the tests below: what is heard is printed, and who proves to be the host hears the key.
TEST_F(OpenaiTls, TheHostThatWasAskedForHearsTheKey) {
  certify("localhost");
  std::string url;
  const auto server = serve(url);
  std::thread answers([&] {
    server->read_until({key});
    server->write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
  });
  Http http(trusting());
  const HttpResponse response = Loop{http}.fetch(with_key(url));
  answers.join();
  EXPECT_EQ(response.outcome, Outcome::answered) << response.error;
  EXPECT_EQ(response.body, "{}");
  EXPECT_THAT(server->end(), HasSubstr(key));
}

// A trusted authority vouches for another host: anybody may have such a certificate.
TEST_F(OpenaiTls, AnotherHostIsToldNothingWhoeverVouchesForIt) {
  certify("localhost.example");
  std::string url;
  const auto server = serve(url);
  Http http(trusting());
  const HttpResponse response = Loop{http}.fetch(with_key(url));
  EXPECT_EQ(response.outcome, Outcome::not_sent);
  EXPECT_THAT(response.error, AllOf(HasSubstr("certificate"), HasSubstr("'localhost'")));
  EXPECT_THAT(server->read_until({"CIPHER is"}), HasSubstr("CIPHER is")) << "it was called, and had shown its certificate";
  EXPECT_THAT(server->end(), Not(AnyOf(HasSubstr(key), HasSubstr("GET"), HasSubstr("Authorization"))));
}

// The host that was asked for, but nobody whom we know says so.
TEST_F(OpenaiTls, WhomNoTrustedAuthorityVouchesForIsToldNothing) {
  certify("localhost");
  std::string url;
  const auto server = serve(url);
  Http http;
  const HttpResponse response = Loop{http}.fetch(with_key(url));
  EXPECT_EQ(response.outcome, Outcome::not_sent);
  EXPECT_THAT(response.error, HasSubstr("certificate"));
  // Which of the two comes first is the library's.
  EXPECT_THAT(server->read_until({"alert", "CIPHER is"}), AnyOf(HasSubstr("alert"), HasSubstr("CIPHER is"))) << "it was called, and had shown its certificate";
  EXPECT_THAT(server->end(), Not(AnyOf(HasSubstr(key), HasSubstr("GET"), HasSubstr("Authorization"))));
}

}  // namespace
}  // namespace kg_batch::openai
