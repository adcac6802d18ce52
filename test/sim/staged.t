# The mode `rules` and the staged plan: what was read for kg_parse is found again
# by its facts, after a restart too, and not after a reset.

use strict;
use warnings;
use JSON::PP ();
use StandIn;
use Test::More;

my $sim = StandIn->new;
my $json = JSON::PP->new->utf8->canonical;

sub ask {
    my ($stage, $document) = @_;
    my $response = $sim->chat($json->encode($document), response_format => { type => 'json_schema',
        json_schema => { name => $stage, schema => { type => 'object' } } });
    return $response if $response->{status} != 200;
    return $json->decode($response->{json}{choices}[0]{message}{content});
}

sub question {
    my ($task, @said) = @_;
    my $id = 0;
    return { task => $task, participants => [ { id => 1, name => 'Anna' } ], self => undef, cast => [], context => [],
        messages => [ map { +{ by => 1, at => '2024-05-06 09:10 Mon', s => [ [ ++$id, $_ ] ] } } @said ] };
}

sub later_question {
    my ($task, $facts, %more) = @_;
    return { task => $task, participants => [ { id => 1, name => 'Anna' } ], %more,
        facts => [ map { my %fact = (%$_, said_by => 1, said_at => '2024-05-06 09:10 Mon'); delete $fact{evidence}; \%fact } @$facts ] };
}

my @said = ('I adopted a dog named Clyde.', 'I live in Leeds.');
my $whole = ask('kg_extract', question('extract', @said));
my $facts = ask('kg_parse', question('parse', @said));

subtest 'three questions give what one gives' => sub {
    cmp_ok scalar @{ $whole->{statements} }, '>', 1, 'there is something to give';
    is_deeply $facts, { facts => $whole->{facts} }, 'facts';
    my $nodes = ask('kg_facts', later_question('facts', $facts->{facts}));
    my $metadata = ask('kg_metadata', later_question('metadata', $facts->{facts}, %$nodes));
    for my $part (qw(things statements)) {
        my @joined = map { +{ %{ $nodes->{$part}[$_] }, %{ $metadata->{$part}[$_] } } } 0 .. $#{ $nodes->{$part} };
        is_deeply \@joined, $whole->{$part}, $part;
    }
    is_deeply ask('kg_facts', later_question('facts', $facts->{facts})), $nodes, 'the same each time';
};

subtest 'facts that were never given have no answer' => sub {
    my @others = map { +{ %$_, text => "$_->{text} Or not." } } @{ $facts->{facts} };
    my $response = ask('kg_facts', later_question('facts', \@others));
    is $response->{status}, 500, 'refused';
    is $response->{json}{error}{code}, 'stand_in_error', 'as a fault of its own';
    like $response->{json}{error}{message}, qr/these facts were not read here/, 'that says why';
};

subtest 'what was read outlives a kill, and half a line of it does no harm' => sub {
    my $file = "$sim->{folder}/state/readings";
    ok -s $file, 'it is on disk';
    $sim->stop('KILL');
    open my $out, '>>', $file or die "$file: $!";
    print {$out} '0123456789abcdef0123456789abcdef {"facts":[';
    close $out;
    $sim->start;
    my $nodes = ask('kg_facts', later_question('facts', $facts->{facts}));
    is scalar @{ $nodes->{statements} // [] }, scalar @{ $whole->{statements} }, 'known after a restart';
    my $more = ask('kg_parse', question('parse', 'I work at Acme.'));
    $sim->stop('KILL');
    $sim->start;
    ok ask('kg_facts', later_question('facts', $more->{facts}))->{statements}, 'and what is read after it as well';
};

subtest 'a reset forgets it' => sub {
    $sim->control('reset', {});
    is ask('kg_facts', later_question('facts', $facts->{facts}))->{status}, 500, 'gone';
    ask('kg_parse', question('parse', @said));
    ok ask('kg_facts', later_question('facts', $facts->{facts}))->{statements}, 'until it is read again';
};
1;
