// Command sumdb verifies an exported log with the readers of Go's checksum database.
//
//	sumdb DIR VKEY OLD INDEX PROOF...
//
// It opens the checkpoint with the key, reads the root from the tiles, proves that the tree of size OLD is its beginning, and
// proves the record INDEX, whose hash comes from the entry bundle; its proof must equal the PROOF given in hexadecimal.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

// tiles reads tiles from the paths of C2SP, which leave out the height that tlog writes into its own.
type tiles struct{ dir string }

func (t tiles) Height() int                         { return height }
func (t tiles) SaveTiles(_ []tlog.Tile, _ [][]byte) {}
func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var read [][]byte
	for _, tile := range wanted {
		path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", height), "tile/", 1)
		data, err := os.ReadFile(filepath.Join(t.dir, path))
		if err != nil {
			return nil, err
		}
		read = append(read, data)
	}
	return read, nil
}

func checkpoint(dir, vkey string) (tlog.Tree, error) {
	var tree tlog.Tree
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tree, err
	}
	signed, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return tree, err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return tree, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return tree, errors.New("the note is no checkpoint of this log")
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return tree, err
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil {
		return tree, err
	}
	copy(tree.Hash[:], root)
	return tree, nil
}

// entries hashes every entry of every bundle and compares with the leaf hashes that the tiles prove.
func entries(dir string, tree tlog.Tree, reader tlog.HashReader) error {
	for first := int64(0); first < tree.N; first += 1 << height {
		tile := tlog.Tile{H: height, L: -1, N: first >> height, W: 1 << height}
		if tree.N-first < 1<<height {
			tile.W = int(tree.N - first)
		}
		path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/data/", height), "tile/entries/", 1)
		data, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			return err
		}
		indexes := make([]int64, tile.W)
		for at := range indexes {
			indexes[at] = tlog.StoredHashIndex(0, first+int64(at))
		}
		hashes, err := reader.ReadHashes(indexes)
		if err != nil {
			return err
		}
		for at, hash := range hashes {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				return fmt.Errorf("%s is too short", path)
			}
			size := int(binary.BigEndian.Uint16(data))
			if tlog.RecordHash(data[2:2+size]) != hash {
				return fmt.Errorf("%s: entry %d is not the one that was hashed", path, at)
			}
			data = data[2+size:]
		}
		if len(data) != 0 {
			return fmt.Errorf("%s is too long", path)
		}
	}
	return nil
}

func run(dir, vkey string, old, index int64, given []string) error {
	tree, err := checkpoint(dir, vkey)
	if err != nil {
		return err
	}
	reader := tlog.TileHashReader(tree, tiles{dir})
	root, err := tlog.TreeHash(tree.N, reader)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return errors.New("the tiles have another root")
	}
	oldRoot, err := tlog.TreeHash(old, reader)
	if err != nil {
		return err
	}
	grown, err := tlog.ProveTree(tree.N, old, reader)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(grown, tree.N, tree.Hash, old, oldRoot); err != nil {
		return err
	}
	record, err := tlog.ProveRecord(tree.N, index, reader)
	if err != nil {
		return err
	}
	if len(record) != len(given) {
		return errors.New("the proof has another length")
	}
	for at, hash := range record {
		if hex.EncodeToString(hash[:]) != given[at] {
			return errors.New("the proof differs")
		}
	}
	return entries(dir, tree, reader)
}

func main() {
	old, errOld := strconv.ParseInt(os.Args[3], 10, 64)
	index, errIndex := strconv.ParseInt(os.Args[4], 10, 64)
	if errOld != nil || errIndex != nil {
		fmt.Println("sizes are numbers")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], old, index, os.Args[5:]); err != nil {
		fmt.Println("rejected:", err)
		os.Exit(1)
	}
	fmt.Println("accepted")
}
