#include "graph/sha256.h"

#include <gtest/gtest.h>

#include <string>

namespace kg_batch::graph {
namespace {

std::string hex(const Sha256Digest& digest) {
  std::string text;
  for (const std::uint8_t byte : digest) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

// FIPS 180-4 examples and the NIST long message.
TEST(Sha256, gives_the_published_digests) {
  EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hex(sha256("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqr"
                       "smnopqrstnopqrstu")),
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  EXPECT_EQ(hex(sha256(std::string(1000000, 'a'))), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, does_not_depend_on_how_the_bytes_come) {
  for (std::size_t length = 0; length < 200; ++length) {
    const std::string bytes(length, 'x');
    for (const std::size_t step : {1U, 7U, 55U, 56U, 63U, 64U, 65U}) {
      Sha256 hash;
      for (std::size_t at = 0; at < length; at += step) {
        hash.update(std::string_view(bytes).substr(at, step));
      }
      ASSERT_EQ(hash.finish(), sha256(bytes)) << length << " bytes by " << step;
    }
  }
}

TEST(Sha256OfAlike, is_the_digest_whatever_came_before) {
  Sha256OfAlike alike;
  const std::string start(300, 's');
  for (const std::string& text : {start + "one", start + "two", start, start + "two", std::string("s"), std::string(), start + "three", std::string(64, 's'),
                                  std::string(64, 's'), std::string(400, 's'), std::string("other"), start + "one"})
    EXPECT_EQ(alike.of(text), sha256(text)) << text;
}

}  // namespace
}  // namespace kg_batch::graph
