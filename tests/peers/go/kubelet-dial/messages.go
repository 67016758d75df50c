// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// methods are those of the node service, as the .proto files have them.
type methods struct {
	protoreflect.MethodDescriptors
}

const service = "slug.v1.NodeService"

func readMethods(file string) (methods, error) {
	bytes, err := os.ReadFile(file)
	if err != nil {
		return methods{}, err
	}
	var set descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(bytes, &set); err != nil {
		return methods{}, err
	}
	files, err := protodesc.NewFiles(&set)
	if err != nil {
		return methods{}, err
	}
	found, err := files.FindDescriptorByName(service)
	if err != nil {
		return methods{}, err
	}
	return methods{found.(protoreflect.ServiceDescriptor).Methods()}, nil
}

// prepare makes the messages of a method, both empty.
func (m methods) prepare(name string) (request, answer *dynamicpb.Message, err error) {
	method := m.ByName(protoreflect.Name(name))
	if method == nil {
		return nil, nil, fmt.Errorf("the .proto files have no method %s", name)
	}
	return dynamicpb.NewMessage(method.Input()), dynamicpb.NewMessage(method.Output()), nil
}

func path(name string) string { return "/" + service + "/" + name }

// field is a field of a message by its name in the .proto files; it stops the program when there is none.
func field(message *dynamicpb.Message, name string) protoreflect.FieldDescriptor {
	found := message.Descriptor().Fields().ByName(protoreflect.Name(name))
	if found == nil {
		fail(fmt.Errorf("%s has no field %s", message.Descriptor().FullName(), name))
	}
	return found
}
