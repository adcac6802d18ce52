# Embeddings: float and base64, many inputs, by batch; vectors that are the same each
# time, near for shared words, and one for what the gold file calls the same.

use strict;
use warnings;
use JSON::PP ();
use List::Util qw(sum0);
use MIME::Base64 qw(decode_base64);
use StandIn;
use Test::More;

my $folder = File::Temp->newdir;
open my $file, '>', "$folder/gold" or die;
print {$file} JSON::PP->new->canonical->encode({ things => { map { ($_->[0] => { type => 'Entity', class => 'person', category => 'person', label => $_->[1], is => $_->[2] }) }
    [ 'a', 'Robert Miller', 'bob' ], [ 'b', 'Bobby', 'bob' ], [ 'c', 'Anna', 'anna one' ], [ 'd', 'Annabel', 'anna two' ], [ 'e', 'Anna', 'anna two' ] } });
close $file;
my $sim = StandIn->new('--mode', 'oracle', '--gold', "$folder/gold");

sub embed { my ($input, %more) = @_; return $sim->post('/v1/embeddings', { model => 'text-embedding-3-small', input => $input, %more }) }
sub vectors { my ($input, %more) = @_; return map { $_->{embedding} } @{ embed($input, %more)->{json}{data} } }
sub near { my ($x, $y) = @_; return sum0 map { $x->[$_] * $y->[$_] } 0 .. $#$x }

subtest 'as the contract has it' => sub {
    my $answer = embed([ 'the dog', 'a cat' ])->{json};
    is $answer->{object}, 'list', 'a list';
    is $answer->{model}, 'text-embedding-3-small', 'of the model';
    is_deeply [ map { "$_->{object} $_->{index} " . @{ $_->{embedding} } } @{ $answer->{data} } ], [ 'embedding 0 1536', 'embedding 1 1536' ], 'an embedding each';
    cmp_ok $answer->{usage}{prompt_tokens}, '>', 0, 'tokens';
    is $answer->{usage}{total_tokens}, $answer->{usage}{prompt_tokens}, 'all of them';
    my ($dog) = vectors('the dog');
    cmp_ok abs(near($dog, $dog) - 1), '<', 1e-5, 'unit length';
    is_deeply $dog, $answer->{data}[0]{embedding}, 'one input or many, the same vector';
    is scalar @{ (vectors('x', dimensions => 256))[0] }, 256, 'fewer dimensions';
    is scalar @{ (vectors('x', model => 'text-embedding-3-large'))[0] }, 3072, 'the large model';
    is scalar(vectors([ 1, 2, 3 ])), 1, 'tokens are one input';
    is scalar(my @two = vectors([ [ 1, 2 ], [3] ])), 2, 'lists of tokens are many';
};

subtest 'base64 is the same numbers' => sub {
    my ($floats) = vectors('the dog', dimensions => 100);
    my ($text) = vectors('the dog', dimensions => 100, encoding_format => 'base64');
    my $bytes = decode_base64($text);
    is length $bytes, 400, 'four bytes each';
    is pack('f<*', @$floats), $bytes, 'to the bit';
};

subtest 'words decide what is near' => sub {
    my ($one, $other, $shares, $stranger, $written) = vectors([ 'dog owner', 'Dog, owner!', 'dog walker', 'blue cheese', 'owner dog' ]);
    is_deeply $other, $one, 'equal words are equal';
    is_deeply $written, $one, 'in any order';
    cmp_ok near($one, $shares), '>', 0.4, 'a shared word is near';
    cmp_ok abs(near($one, $stranger)), '<', 0.15, 'none is not';
};

subtest 'what the gold file calls the same is one vector' => sub {
    my ($robert, $bobby, $anna, $annabel) = vectors([ 'Robert Miller', 'bobby', 'Anna', 'Annabel' ]);
    is_deeply $bobby, $robert, 'two names of one';
    cmp_ok near($anna, $annabel), '<', 0.5, 'a name that two have is but a word';
};

subtest 'what is refused' => sub {
    my $refused = sub { my ($why, $status, $param, $code, $input, %more) = @_;
        my $answer = embed($input, %more);
        is "$answer->{status} " . ($answer->{json}{error}{param} // '-') . ' ' . ($answer->{json}{error}{code} // '-'), "$status $param $code", $why };
    $refused->('nothing', 400, 'input', 'missing_required_parameter', undef);
    $refused->('an empty text', 400, 'input', 'invalid_value', '');
    $refused->('an empty text among others', 400, 'input', 'invalid_value', [ 'a', '' ]);
    $refused->('more than 2,048', 400, 'input', 'array_above_max_length', [ ('a') x 2049 ]);
    $refused->('a long text', 400, 'input', 'context_length_exceeded', 'word ' x 9000);
    $refused->('many long texts', 400, 'input', 'max_tokens_per_request', [ ('word ' x 6000) x 50 ]);
    $refused->('an object', 400, 'input', 'invalid_type', [ {} ]);
    $refused->('another format', 400, 'encoding_format', 'invalid_value', 'a', encoding_format => 'hex');
    $refused->('no dimensions', 400, 'dimensions', 'integer_below_min_value', 'a', dimensions => 0);
    $refused->('dimensions of the old model', 400, 'dimensions', 'unsupported_parameter', 'a', model => 'text-embedding-ada-002', dimensions => 5);
    $refused->('another parameter', 400, 'size', 'unknown_parameter', 'a', size => 1);
    $refused->('an unknown model', 404, '-', 'model_not_found', 'a', model => 'text-embedding-9');
    $refused->('a model that makes none', 403, '-', '-', 'a', model => 'gpt-6-luna');
    is embed([ ('a') x 2048 ], dimensions => 2)->{status}, 200, '2,048 are taken';
};

subtest 'by batch' => sub {
    my $line = sub { my ($id, $input) = @_;
        return $sim->line($id, url => '/v1/embeddings', body => { model => 'text-embedding-3-small', input => $input, dimensions => 8 }) };
    my $batch = $sim->batch($line->('one', 'the dog') . $line->('two', [ 'a', 'b' ]) . $line->('three', ''), endpoint => '/v1/embeddings');
    $sim->advance(60);
    $batch = $sim->batch_until($batch->{id}, 'completed');
    is_deeply $batch->{request_counts}, { total => 3, completed => 2, failed => 1 }, 'two are answered, an empty text is not';
    my %answers = map { ($_->{custom_id} => $_->{response}{body}{data}) } $sim->content_lines($batch->{output_file_id});
    is_deeply $answers{one}[0]{embedding}, (vectors('the dog', dimensions => 8))[0], 'with the vector that is given directly';
    is scalar @{ $answers{two} }, 2, 'and many inputs';
    cmp_ok $sim->control('stats')->{stages}{embeddings}{usd}, '>', 0, 'both are on the bill';
    my $many = $sim->batch(join('', map { $line->("m$_", [ ('a') x 2000 ]) } 1 .. 26), endpoint => '/v1/embeddings');
    $sim->advance(60);
    $many = $sim->batch_until($many->{id}, 'failed');
    is $many->{errors}{data}[0]{code}, 'too_many_inputs', 'more than 50,000 inputs fail';
};
1;
